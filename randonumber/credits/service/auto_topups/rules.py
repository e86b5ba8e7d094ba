"""What auto top-up does next: pure rules. The rest of the package carries them out.

A decline waits an hour, a second one six hours, a third in a row stops it, and so does a bank that says never again:
networks fine those who go on (https://docs.stripe.com/billing/revenue-recovery/smart-retries).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from randonumber.credits.models import BOOKED, PurchaseStatus
from randonumber.credits.service.confirming import CARD_REMOVED
from randonumber.payments.cards import ASKS_OWNER

PAUSES: Final = (timedelta(hours=1), timedelta(hours=6))
MOST_DECLINES: Final = len(PAUSES) + 1
PAUSE_WHEN_NOT_ENOUGH: Final = timedelta(minutes=1)
"""Between purchases of which one is not enough to reach the threshold."""
NEVER_AGAIN: Final = frozenset(
    {
        "do_not_try_again",
        "incorrect_number",
        "invalid_account",
        "lost_card",
        "pickup_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "stop_payment_order",
    }
)
"""Declines that another try with the same card does not change (https://docs.stripe.com/declines/codes)."""


class StopReason(StrEnum):
    """Why it stopped, until its owner turns it on again."""

    DECLINED = "declined"
    CARD_REFUSED = "card_refused"
    NO_CARD = "no_card"
    DISPUTED = "disputed"
    REVIEW = "review"


class Step(StrEnum):
    """What is done now."""

    REST = "rest"
    BUY = "buy"
    STOP = "stop"
    NEXT_MONTH = "next_month"
    """The cap leaves no room for one more purchase."""


class Tell(StrEnum):
    """The mails, by their templates."""

    DECLINED = "auto_topup_declined"
    NEEDS_YOU = "auto_topup_needs_you"
    STOPPED = "auto_topup_stopped"
    CAPPED = "auto_topup_capped"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A user with auto top-up on and nothing under way; amounts in cents.

    `spent_minor` is what automatic purchases took or may take in this calendar month, `is_contested` says that one
    made under this consent was taken back by the bank for good.
    """

    threshold: int
    monthly_cap_minor: int
    next_try_at: datetime | None
    credits_left: int
    price_minor: int
    spent_minor: int
    is_active: bool
    owes: bool
    has_open_dispute: bool
    is_contested: bool
    has_card: bool


@dataclass(frozen=True, kw_only=True)
class Action:
    """A step, with the reason of a stop."""

    step: Step
    reason: StopReason | None = None


def decide(seen: Situation, now: datetime) -> Action:
    """Say what to do; a debt or an open dispute, like a disabled account, is waited out in silence."""
    is_waiting = seen.next_try_at is not None and seen.next_try_at > now
    is_barred = not seen.is_active or seen.owes or seen.has_open_dispute
    if is_waiting or is_barred or seen.credits_left >= seen.threshold:
        return Action(step=Step.REST)
    if seen.is_contested:
        return Action(step=Step.STOP, reason=StopReason.DISPUTED)
    if not seen.has_card:
        return Action(step=Step.STOP, reason=StopReason.NO_CARD)
    if seen.spent_minor + seen.price_minor > seen.monthly_cap_minor:
        return Action(step=Step.NEXT_MONTH)
    return Action(step=Step.BUY)


@dataclass(frozen=True, kw_only=True)
class UnderWay:
    """The purchase under way, and what was counted before it. `is_counted`: its own decline is among `declines`.

    `has_same_card`: the card that is to pay it is the default still. `is_enough`: the credits reach the threshold.
    """

    status: PurchaseStatus
    failure: str | None
    declines: int
    next_try_at: datetime | None
    is_counted: bool
    has_same_card: bool
    is_enough: bool


@dataclass(frozen=True, kw_only=True)
class Change:
    """What the purchase under way changes. `is_over`: another one may follow; `tell`: the mail that says so."""

    declines: int
    next_try_at: datetime | None
    is_over: bool = False
    is_counted: bool = False
    stop: StopReason | None = None
    tell: Tell | None = None


def follow(seen: UnderWay, now: datetime) -> Change:
    """Say what came of a purchase so far. What is neither paid nor refused stays under way: nothing is known of it."""
    is_over = seen.status != PurchaseStatus.PENDING
    if seen.status in BOOKED:
        next_try_at = None if seen.is_enough else now + PAUSE_WHEN_NOT_ENOUGH
        return Change(declines=0, next_try_at=next_try_at, is_over=True)
    unchanged = Change(
        declines=seen.declines, next_try_at=seen.next_try_at, is_over=is_over, is_counted=seen.is_counted
    )
    if seen.status == PurchaseStatus.REVIEW:
        return Change(declines=0, next_try_at=None, is_over=True, stop=StopReason.REVIEW, tell=Tell.STOPPED)
    if seen.is_counted or not (is_over or seen.failure in ASKS_OWNER):
        return unchanged
    if seen.failure == CARD_REMOVED and not seen.has_same_card:
        return unchanged  # nobody declined: the next try is another card's
    return _decline(seen, now, is_over=is_over)


def _decline(seen: UnderWay, now: datetime, *, is_over: bool) -> Change:
    declines = seen.declines + 1
    stop = StopReason.CARD_REFUSED if seen.failure in NEVER_AGAIN and seen.has_same_card else None
    if declines >= MOST_DECLINES:
        stop = stop or StopReason.DECLINED
    tell = Tell.DECLINED if declines == 1 else None
    if seen.failure in ASKS_OWNER:
        tell = Tell.NEEDS_YOU
    return Change(
        declines=declines,
        next_try_at=None if stop else now + PAUSES[declines - 1],
        is_over=is_over,
        is_counted=True,
        stop=stop,
        tell=Tell.STOPPED if stop else tell,
    )


def month_of(now: datetime) -> datetime:
    """Return when the calendar month of a moment began, by UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(now: datetime) -> datetime:
    """Return when the calendar month after a moment's begins, by UTC."""
    return month_of(month_of(now) + timedelta(days=32))
