"""What a statement is asked to show: kinds and days, as the page's form and its CSV are given them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from randonumber.ledger.statement import Only

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "topups": ("Top-ups", ("topup", "topup_available")),
    "purchases": ("Credits bought", ("purchase",)),
    "withdrawals": (
        "Withdrawals",
        ("withdrawal_hold", "withdrawal_settle", "withdrawal_release", "withdrawal_reverse"),
    ),
    "reversals": (
        "Refunds and disputes",
        ("refund_wallet", "refund_external", "refund_fail", "dispute_open", "dispute_won", "dispute_lost"),
    ),
}
"""What a reader may choose: a name for the address, its words, and the kinds of transactions behind it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was asked for, as it can be shown, with what is wrong with it by field. Days are those of UTC."""

    kind: str = ""
    since: str = ""
    until: str = ""
    only: Only
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters of an address that asks for the same; none for a statement of everything."""
        given = {"kind": self.kind, "since": self.since, "until": self.until}
        return {name: value for name, value in given.items() if value and name not in self.errors}


def read(arguments: Mapping[str, str]) -> Wanted:
    """Read `kind`, `since` and `until` (both days included). What cannot be read is left out and told of."""
    errors: dict[str, str] = {}
    kind, since, until = (arguments.get(name, "").strip() for name in ("kind", "since", "until"))
    if kind and kind not in KINDS:
        errors["kind"] = "Choose one of the kinds."
    first, last = (_day(name, text, errors) for name, text in (("since", since), ("until", until)))
    since, until = (day.isoformat() if day else "" for day in (first, last))  # a field for days takes no other text
    if first and last and first > last:
        errors["until"] = "The last day is before the first."
        last = None
    only = Only(
        currency="usd",
        kinds=KINDS[kind][1] if kind in KINDS else None,
        since=_midnight(first) if first else None,
        until=_midnight(last + timedelta(days=1)) if last and last < date.max else None,
    )
    return Wanted(kind=kind, since=since, until=until, only=only, errors=errors)


def _day(name: str, text: str, errors: dict[str, str]) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        errors[name] = "Write a day such as 2026-01-31."
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
