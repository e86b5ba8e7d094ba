"""When a connected account is paid out: https://docs.stripe.com/connect/manage-payout-schedule."""

from typing import Any

from randonumber.sandbox.resources.connect.account_template import LEAST_DELAY_DAYS
from randonumber.sandbox.scope import Json
from randonumber.sandbox.wire.errors import invalid

MOST_DELAY_DAYS = 31
LAST_DAY = 31
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
PARAM = "settings[payouts][schedule]"


def with_schedule(old: Json, given: Json) -> Json:
    """Return a schedule with what came in: interval, delay, and the days that its interval needs. Raises Refused."""
    if not given:
        return old
    interval = str(given.get("interval", old["interval"]))
    found: Json = {"delay_days": delay(given.get("delay_days", old["delay_days"])), "interval": interval}
    days = {"weekly": weekly, "monthly": monthly}.get(interval)
    return found | (days(old | given) if days else {})


def delay(given: Any) -> int:
    """Return the days that money is pending; `minimum` is the least that a country has."""
    if given == "minimum":
        return LEAST_DELAY_DAYS
    days = int(given)
    if not LEAST_DELAY_DAYS <= days <= MOST_DELAY_DAYS:
        raise invalid(
            f"You cannot lower this merchant's delay below {LEAST_DELAY_DAYS} or raise it above {MOST_DELAY_DAYS}.",
            param=f"{PARAM}[delay_days]",
        )
    return days


def weekly(asked: Json) -> Json:
    """Return the days of the week; the anchor is the old name of one day."""
    days = asked.get("weekly_payout_days") or [day for day in (asked.get("weekly_anchor"),) if day]
    if not days:
        raise invalid("You must provide a weekly_anchor for a weekly schedule.", param=f"{PARAM}[weekly_anchor]")
    if not set(days) <= set(WORKDAYS):
        raise invalid("weekly_payout_days must be days from monday to friday.", param=f"{PARAM}[weekly_payout_days]")
    return {"weekly_anchor": days[0], "weekly_payout_days": days}


def monthly(asked: Json) -> Json:
    """Return the days of the month; the anchor is the old name of one day."""
    days = asked.get("monthly_payout_days") or [day for day in (asked.get("monthly_anchor"),) if day is not None]
    if not days:
        raise invalid("You must provide a monthly_anchor for a monthly schedule.", param=f"{PARAM}[monthly_anchor]")
    if not all(1 <= day <= LAST_DAY for day in days):
        raise invalid("monthly_anchor must be between 1 and 31.", param=f"{PARAM}[monthly_anchor]")
    return {"monthly_anchor": days[0], "monthly_payout_days": days}
