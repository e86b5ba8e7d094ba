"""What operators are told of the books. Queued with its cause; never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber import mail, recipients

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from randonumber.ledger.checks import CheckResult


def tell_of_broken(session: Session, begun: Sequence[CheckResult]) -> None:
    """Queue a mail to every operator about invariants that have just been found broken. Never commits."""
    broken = [{"id": result.id, "title": result.title, "count": result.count} for result in begun]
    names = ", ".join(result.id for result in begun)
    for to in recipients.operators(session):
        mail.queue(session, "invariant_broken", to, f"The books are broken: {names}", broken=broken)
