"""The rules of auto top-up, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from randonumber.credits.models import PurchaseStatus
from randonumber.credits.service.auto_topups.rules import (
    NEVER_AGAIN,
    Action,
    Change,
    Situation,
    Step,
    StopReason,
    Tell,
    UnderWay,
    decide,
    follow,
    month_of,
    next_month,
)

NOW = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
LOW = Situation(
    threshold=10,
    monthly_cap_minor=2_000,
    next_try_at=None,
    credits_left=9,
    price_minor=900,
    spent_minor=900,
    is_active=True,
    owes=False,
    has_open_dispute=False,
    is_contested=False,
    has_card=True,
)
BEGUN = UnderWay(
    status=PurchaseStatus.PENDING,
    failure=None,
    declines=0,
    next_try_at=None,
    is_counted=False,
    has_same_card=True,
    is_enough=True,
)
DECLINED = replace(BEGUN, status=PurchaseStatus.FAILED, failure="card_declined")
ASKS = replace(BEGUN, failure="authentication_required")


def stop(reason: StopReason) -> Action:
    return Action(step=Step.STOP, reason=reason)


@pytest.mark.parametrize(
    ("situation", "action"),
    [
        (LOW, Action(step=Step.BUY)),
        (replace(LOW, credits_left=0), Action(step=Step.BUY)),
        (replace(LOW, credits_left=10), Action(step=Step.REST)),
        (replace(LOW, threshold=0, credits_left=0), Action(step=Step.REST)),
        (replace(LOW, spent_minor=1_100), Action(step=Step.BUY)),
        (replace(LOW, spent_minor=1_101), Action(step=Step.NEXT_MONTH)),
        (replace(LOW, price_minor=2_001, spent_minor=0), Action(step=Step.NEXT_MONTH)),
        (replace(LOW, next_try_at=NOW + timedelta(seconds=1)), Action(step=Step.REST)),
        (replace(LOW, next_try_at=NOW), Action(step=Step.BUY)),
        (replace(LOW, is_active=False), Action(step=Step.REST)),
        (replace(LOW, owes=True), Action(step=Step.REST)),
        (replace(LOW, has_open_dispute=True, has_card=False), Action(step=Step.REST)),
        (replace(LOW, is_contested=True), stop(StopReason.DISPUTED)),
        (replace(LOW, has_card=False), stop(StopReason.NO_CARD)),
        (replace(LOW, has_card=False, credits_left=10), Action(step=Step.REST)),
    ],
)
@pytest.mark.pain(23)
def test_a_situation_leads_to_one_step(situation: Situation, action: Action) -> None:
    assert decide(situation, NOW) == action


def counted(declines: int, hours: int, *, is_over: bool, tell: Tell | None) -> Change:
    return Change(
        declines=declines, next_try_at=NOW + timedelta(hours=hours), is_over=is_over, is_counted=True, tell=tell
    )


def stopped(declines: int, reason: StopReason, *, is_over: bool = True) -> Change:
    return Change(declines=declines, next_try_at=None, is_over=is_over, is_counted=True, stop=reason, tell=Tell.STOPPED)


PAID = Change(declines=0, next_try_at=None, is_over=True)


@pytest.mark.parametrize(
    ("under_way", "change"),
    [
        (BEGUN, Change(declines=0, next_try_at=None)),
        (replace(BEGUN, declines=2), Change(declines=2, next_try_at=None)),
        (replace(BEGUN, status=PurchaseStatus.PAID, declines=2), PAID),
        (replace(BEGUN, status=PurchaseStatus.REFUNDED), PAID),
        (replace(BEGUN, status=PurchaseStatus.DISPUTED), PAID),
        (
            replace(BEGUN, status=PurchaseStatus.PAID, is_enough=False),
            replace(PAID, next_try_at=NOW + timedelta(minutes=1)),
        ),
        (DECLINED, counted(1, 1, is_over=True, tell=Tell.DECLINED)),
        (replace(DECLINED, declines=1), counted(2, 6, is_over=True, tell=None)),
        (replace(DECLINED, declines=2), stopped(3, StopReason.DECLINED)),
        (replace(DECLINED, status=PurchaseStatus.EXPIRED), counted(1, 1, is_over=True, tell=Tell.DECLINED)),
        (ASKS, counted(1, 1, is_over=False, tell=Tell.NEEDS_YOU)),
        (replace(ASKS, declines=1), counted(2, 6, is_over=False, tell=Tell.NEEDS_YOU)),
        (replace(ASKS, declines=2), stopped(3, StopReason.DECLINED, is_over=False)),
        (
            replace(ASKS, is_counted=True, declines=1, next_try_at=NOW),
            Change(declines=1, next_try_at=NOW, is_counted=True),
        ),
        (
            replace(ASKS, is_counted=True, declines=1, next_try_at=NOW, status=PurchaseStatus.EXPIRED),
            Change(declines=1, next_try_at=NOW, is_counted=True, is_over=True),
        ),
        (replace(ASKS, is_counted=True, declines=1, next_try_at=NOW, status=PurchaseStatus.PAID), PAID),
        (replace(DECLINED, failure="card_removed", has_same_card=False), PAID),
        (replace(DECLINED, failure="card_removed"), counted(1, 1, is_over=True, tell=Tell.DECLINED)),
        (
            replace(DECLINED, failure="stolen_card", has_same_card=False),
            counted(1, 1, is_over=True, tell=Tell.DECLINED),
        ),
        *((replace(DECLINED, failure=code), stopped(1, StopReason.CARD_REFUSED)) for code in sorted(NEVER_AGAIN)),
        (
            replace(BEGUN, status=PurchaseStatus.REVIEW),
            Change(declines=0, next_try_at=None, is_over=True, stop=StopReason.REVIEW, tell=Tell.STOPPED),
        ),
    ],
)
@pytest.mark.pain(23)
def test_a_purchase_leads_to_one_change(under_way: UnderWay, change: Change) -> None:
    assert follow(under_way, NOW) == change


def test_months_are_those_of_utc() -> None:
    east = timezone(timedelta(hours=14))
    assert month_of(NOW) == datetime(2026, 12, 1, tzinfo=UTC)
    assert month_of(datetime(2027, 1, 1, 13, 59, tzinfo=east)) == datetime(2026, 12, 1, tzinfo=UTC)
    assert next_month(NOW) == datetime(2027, 1, 1, tzinfo=UTC)
    assert next_month(datetime(2026, 1, 31, tzinfo=UTC)) == datetime(2026, 2, 1, tzinfo=UTC)
