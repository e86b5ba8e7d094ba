"""From anything that Stripe tells of a transfer to the withdrawal it is of, with the transfer read afresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.database import transaction
from randonumber.payouts.service.withdrawals.rows import lock_withdrawal, read_withdrawal
from randonumber.payouts.service.withdrawals.sending import PREFIX
from randonumber.payouts.service.withdrawals.settling import follow
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.inbox import Effect
    from randonumber.stripe_gateway import BalanceTransaction


def effect_of_transfer(transfer_id: str, *, actor: str) -> Effect | None:
    """Return what a transfer as it is now does to its withdrawal; None when it is not one of ours.

    Calls the network, with no transaction open. Raises StripeNotFound and StripeUnavailable.
    """
    connect = gateway().connect
    transfer = connect.get_transfer(transfer_id)
    ref = transfer.metadata.get("ref", "")
    if not ref.startswith(PREFIX) or "\x00" in ref:
        return None
    with transaction() as session:
        if read_withdrawal(session, ref) is None:
            return None
    reversals = connect.list_reversals(transfer_id) if transfer.amount_reversed else []

    def effect(session: Session) -> None:
        follow(session, lock_withdrawal(session, ref), transfer, reversals, actor=actor)

    return effect


def effect_of_row(txn: BalanceTransaction, *, actor: str) -> Effect | None:
    """Return what the transfer behind a row of Stripe's book does; the row's source is it, or a reversal of it.

    Calls the network, as `effect_of_transfer`.
    """
    source = txn.source_id or ""
    is_transfer = source.startswith("tr_")
    transfer_id = source if is_transfer else gateway().connect.find_reversed_transfer(txn.id)
    return effect_of_transfer(transfer_id, actor=actor) if transfer_id else None
