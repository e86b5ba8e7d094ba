"""When automatic payouts are made: at midnight UTC, a day after the funds became available at the earliest.

Intervals by https://docs.stripe.com/connect/manage-payout-schedule: daily, weekly on weekdays, monthly on days of the
month (the last one of a shorter month), or manual. A platform's own payouts are made by hand.
"""

from datetime import UTC, datetime, timedelta

from randonumber.sandbox.resources.connect import connected_accounts
from randonumber.sandbox.scope import Json, Scope, schedule

DAY = 24 * 60 * 60
AUTOMATIC = "automatic_payout"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def plan_payout(scope: Scope, currency: str) -> None:
    """Put the next automatic payout of the scope's account on the clock, unless it pays out by hand."""
    found = connected_accounts.find(scope, scope.account)
    if not found or found.schedule.get("interval", "manual") == "manual":
        return
    at = next_moment(scope.now, found.schedule)
    planned = scope.store.row(
        "SELECT 1 FROM due WHERE at = ? AND account = ? AND action = ? AND object_id = ?",
        at, scope.account, AUTOMATIC, currency,
    )  # fmt: skip
    if not planned:
        schedule(scope, at, AUTOMATIC, currency)


def plan_payouts(scope: Scope) -> None:
    """Put automatic payouts of all that the scope's account has on the clock, after its schedule changed."""
    rows = scope.store.rows("SELECT currency FROM balances WHERE account = ? AND available > 0", scope.account)
    for row in rows:
        plan_payout(scope, row["currency"])


def next_moment(now: int, wanted: Json) -> int:
    """Return the first midnight UTC of the schedule that is a day or more after `now`."""
    midnight = -(-(now + DAY) // DAY) * DAY
    day = datetime.fromtimestamp(midnight, UTC)
    while not fits(day, wanted):
        day += timedelta(days=1)
    return int(day.timestamp())


def fits(day: datetime, wanted: Json) -> bool:
    """Whether an account with this schedule is paid out on that day."""
    if wanted["interval"] == "weekly":
        return WEEKDAYS[day.weekday()] in wanted["weekly_payout_days"]
    if wanted["interval"] == "monthly":
        last = (day + timedelta(days=1)).day == 1
        return any(day.day == anchor or (last and anchor > day.day) for anchor in wanted["monthly_payout_days"])
    return True
