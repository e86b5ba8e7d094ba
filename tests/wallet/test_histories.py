"""Random histories of top-ups: whatever banks and operators do, a user has what was paid and not taken back.

The books are compared with a model that knows only what was paid and what Stripe took and gave: no locks, no postings.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from stripe import StripeError

from randonumber.database import transaction
from randonumber.payments import effect_of_charge
from randonumber.sandbox.wire import errors as wire_errors
from randonumber.stripe_gateway import gateway
from randonumber.wallet import jobs, service
from randonumber.wallet.models import Topup
from tests.credits.conftest import house
from tests.people import make_user
from tests.wallet.conftest import AT_ONCE, TWO_DAYS, VISA, Purse, agreed, reversals, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = int(os.environ.get("HISTORIES", "5"))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "pay", "wait", "spend", "refund", "refund", "ask", "escalate", "dispute", "win", "lose",
                         "bounce"]),
        st.integers(0, 9),
    ),
    min_size=5,
    max_size=11,
)  # fmt: skip


@dataclass(kw_only=True)
class History:
    """One person's history as it is played."""

    purse: Purse
    refs: list[str] = field(default_factory=list)
    disputes: list[str] = field(default_factory=list)
    refunds: list[str] = field(default_factory=list)
    spent: int = 0

    def play(self, what: str, number: int) -> None:
        """Do one thing; what Stripe refuses is no news."""
        with suppress(StripeError, wire_errors.Refused, LookupError):
            getattr(self, what)(number)
        self.level()

    def pay(self, number: int) -> None:
        ref = self.purse.top_up((number + 1) * 500, card=AT_ONCE if number % 2 else VISA, deliver=False)
        service.refresh_topup(ref, actor="test")
        self.refs.append(ref)

    def wait(self, _number: int) -> None:
        self.purse.sandbox.advance(TWO_DAYS)

    def spend(self, number: int) -> None:
        amount = min(self.purse.stands[0], (number + 1) * 300)
        if amount:
            self.purse.spend(amount)
            self.spent += amount

    def refund(self, number: int) -> None:
        self.refunds.append(self.purse.refund(self.any(number), (number + 1) * 150))

    def ask(self, number: int) -> None:
        self.disputes.append(self.purse.dispute(self.any(number), inquiry=True))

    def dispute(self, number: int) -> None:
        self.disputes.append(self.purse.dispute(self.any(number)))

    def escalate(self, number: int) -> None:
        self.purse.bank.escalates(self.disputes[number % len(self.disputes)] if self.disputes else "")

    def win(self, number: int) -> None:
        if self.disputes:
            self.purse.bank.decides(self.disputes[number % len(self.disputes)], won=True)

    def lose(self, number: int) -> None:
        if self.disputes:
            self.purse.bank.decides(self.disputes[number % len(self.disputes)], won=False)

    def bounce(self, number: int) -> None:
        if self.refunds:
            self.purse.bank.returns(self.refunds[number % len(self.refunds)])

    def any(self, number: int) -> str:
        if not self.refs:
            raise LookupError
        return self.refs[number % len(self.refs)]

    def level(self) -> None:
        """Do what an event of each payment would, and the job."""
        for topup in paid(self.purse):
            effect = effect_of_charge(gateway().get_charge(topup.payment_id or ""), actor="test")
            assert effect is not None
            with transaction() as session:
                effect(session)
        jobs.sweep_all()


def paid(purse: Purse) -> Sequence[Topup]:
    with transaction() as session:
        query = select(Topup).where(Topup.user_id == purse.person.id, Topup.paid_at.is_not(None)).order_by(Topup.id)
        return session.scalars(query).all()


def taken_at_stripe(purse: Purse, topup: Topup) -> int:
    """What Stripe's own book says went out of a payment and did not come back."""
    sources = {row.stripe_id for row in reversals(topup.ref)}
    rows: Sequence[Any] = purse.sandbox.client.v1.balance_transactions.list({"limit": 100}).data
    return -sum(int(row.amount) for row in rows if row.source in sources)


def judge(history: History) -> None:
    """The user has what was paid, less what was taken up to what was paid, less what was spent."""
    purse = history.purse
    available, pending, owed = purse.stands
    topups = paid(purse)
    taken = {topup.ref: taken_at_stripe(purse, topup) for topup in topups}
    borne = sum(min(topup.amount_minor, taken[topup.ref]) for topup in topups)
    assert available + pending - owed == sum(topup.amount_minor for topup in topups) - borne - history.spent
    assert available >= 0
    assert not (available and owed), "what is there repays what is owed"
    ours = sum(max(0, taken[topup.ref] - topup.amount_minor) for topup in topups)
    assert sum(topup.excess_minor for topup in topups) == ours


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 5,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(steps=STEPS)
def test_a_user_has_what_was_paid_and_not_taken_back(purse: Purse, steps: list[tuple[str, int]]) -> None:
    mine = Purse(person=make_user(), sandbox=purse.sandbox, deliver=purse.deliver, run=purse.run, bank=purse.bank)
    history = History(purse=mine)
    before = house("disputes:held") + house("disputes:lost")
    for what, number in [("pay", 9), *steps]:
        history.play(what, number)
        judge(history)
    ours = sum(stored(ref).excess_minor for ref in history.refs)
    assert house("disputes:held") + house("disputes:lost") == before - ours
    agreed()
