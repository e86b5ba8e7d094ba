"""Withdrawals that hang: `stripe sync` has the journal go on with each of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from randonumber import calls
from randonumber.database import transaction
from randonumber.payouts.models import OPEN, Withdrawal

if TYPE_CHECKING:
    from collections.abc import Sequence


def sweep_all() -> int:
    """Ask Stripe for every withdrawal that is open, and return how many ended. Safe to run at any time, twice."""
    before = _open()
    for call_id in before:
        calls.drive(call_id)
    return len(set(before) - set(_open()))


def _open() -> Sequence[int]:
    is_open = Withdrawal.status.in_(sorted(OPEN)) & Withdrawal.call_id.is_not(None)
    with transaction() as session:
        found = session.execute(select(Withdrawal.call_id).where(is_open).order_by(Withdrawal.id)).scalars()
        return [call_id for call_id in found if call_id is not None]
