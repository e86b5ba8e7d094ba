"""Hands for tests of auto top-up: a buyer with cards who runs low, and the worker's rounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from randonumber.credits import auto_topup_jobs
from randonumber.credits.models import AutoTopup, Purchase, PurchaseMethod, PurchaseStatus
from randonumber.credits.service import auto_topups
from randonumber.credits.service.auto_topups import Terms
from randonumber.database import transaction
from randonumber.reconciliation.service import reconcile

if TYPE_CHECKING:
    from tests.credits.saving import Saver
    from tests.stripe_fixtures import RunJobs

THRESHOLD = 5
QUANTITY = 10
PRICE = 900


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whoever has auto top-up: three free credits, and a threshold above them."""

    saver: Saver
    run_jobs: RunJobs

    @property
    def user_id(self) -> int:
        return self.saver.person.user_id

    @property
    def credits(self) -> int:
        return self.saver.buyer.credits

    def turn_on(self, threshold: int = THRESHOLD, quantity: int = QUANTITY, cap: int = 10_000) -> None:
        terms = Terms(threshold=threshold, quantity=quantity, monthly_cap_minor=cap)
        auto_topups.turn_on(self.saver.person, terms)

    def turn_off(self) -> None:
        auto_topups.turn_off(self.saver.person)

    def look(self) -> int:
        """Let the worker look, and return how many purchases began."""
        return auto_topup_jobs.look_at_all()

    def round(self) -> None:
        """Let the worker look, and do what follows, if anything began or is open; then look again."""
        if self.look() or any(one.status == PurchaseStatus.PENDING for one in self.purchases):
            self.run_jobs(early=True, may_fail=True)
            self.look()

    @property
    def row(self) -> AutoTopup:
        with transaction() as session:
            return session.execute(select(AutoTopup).where(AutoTopup.user_id == self.user_id)).scalar_one()

    @property
    def purchases(self) -> list[Purchase]:
        """The automatic ones, oldest first."""
        query = select(Purchase).where(Purchase.user_id == self.user_id, Purchase.method == PurchaseMethod.AUTO_TOPUP)
        with transaction() as session:
            return list(session.execute(query.order_by(Purchase.id)).scalars())

    @property
    def last(self) -> Purchase:
        return self.purchases[-1]


def agrees() -> bool:
    report = reconcile()
    return report.agrees and report.difference == 0
