"""The lists of what waits for an operator: one statement each, the oldest first, at most MOST rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

MOST: Final = 200


class Shown(StrEnum):
    """How a cell is shown. `money` is an amount in cents."""

    TEXT = "text"
    CODE = "code"
    MONEY = "money"
    WHEN = "when"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the statement, with what stands above it."""

    name: str
    title: str
    shown: Shown = Shown.TEXT


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list at `/admin/<name>`: `sql` selects its rows, `what_to_do` says how they go away, by which `commands`."""

    name: str
    title: str
    what_to_do: str
    columns: Sequence[Column]
    sql: str
    commands: Sequence[str] = ()


def column(name: str, title: str, shown: Shown = Shown.TEXT) -> Column:
    """Return a column."""
    return Column(name=name, title=title, shown=shown)


LISTS: Final = (
    Listing(
        name="books",
        title="Broken invariants",
        what_to_do="Withdrawals are closed while one stands. Look at the rows, and post a correction that names the "
        "transaction it corrects. It leaves this list by itself within a minute.",
        commands=("ledger check",),
        columns=(
            column("check_id", "Check", Shown.CODE),
            column("title", "What does not hold"),
            column("rows_broken", "Rows"),
            column("since", "Since", Shown.WHEN),
            column("seen_at", "Seen last", Shown.WHEN),
        ),
        sql="SELECT check_id, title, rows_broken, since, seen_at FROM broken_invariants ORDER BY check_id",
    ),
    Listing(
        name="unmatched",
        title="Unmatched rows of Stripe’s book",
        what_to_do="Nobody here knows them. Look at what Stripe knows of each, then say what it was.",
        commands=("stripe show TXN", "stripe resolve TXN --as KIND --reason TEXT"),
        columns=(
            column("id", "Row", Shown.CODE),
            column("type", "Type"),
            column("source_id", "Of", Shown.CODE),
            column("amount", "Amount", Shown.MONEY),
            column("created_at", "At Stripe", Shown.WHEN),
        ),
        sql="""SELECT id, type, source_id, amount, created_at FROM balance_transactions
                WHERE unmatched_id IS NOT NULL AND resolution_id IS NULL ORDER BY created_at, id""",
    ),
    Listing(
        name="events",
        title="Dead events",
        what_to_do="Nothing tries them again by itself. Look at why, mend it, and replay them.",
        commands=("inbox show ID", "inbox replay ID"),
        columns=(
            column("id", "Event", Shown.CODE),
            column("type", "Type"),
            column("reason", "Why"),
            column("received_at", "Received", Shown.WHEN),
        ),
        sql="SELECT id, type, reason, received_at FROM inbox_events WHERE status = 'dead' ORDER BY received_at, id",
    ),
    Listing(
        name="calls",
        title="Stopped calls",
        what_to_do="Calls that wait for a person. Those of withdrawals are tried again from the withdrawal’s page.",
        columns=(
            column("operation", "Operation", Shown.CODE),
            column("ref", "For", Shown.CODE),
            column("attempt", "Attempt"),
            column("last_error", "Last answer"),
            column("alarm", "Alarm"),
            column("planned_at", "Planned", Shown.WHEN),
        ),
        sql="""SELECT operation, ref, attempt, last_error, alarm, planned_at FROM stripe_calls
                WHERE status IN ('planned', 'sent') AND (due_at IS NULL OR alarm IS NOT NULL) ORDER BY id""",
    ),
    Listing(
        name="reviews",
        title="Purchases and top-ups in review",
        what_to_do="Paid in another amount or currency than asked for: nothing was given, and the money stands in "
        "“unmatched”. Refund it in Stripe’s dashboard, or resolve its row.",
        commands=("stripe resolve TXN --as KIND --reason TEXT",),
        columns=(
            column("ref", "What", Shown.CODE),
            column("email", "Whose"),
            column("amount_minor", "Asked for", Shown.MONEY),
            column("payment_intent_id", "Payment", Shown.CODE),
            column("created_at", "Ordered", Shown.WHEN),
        ),
        sql="""SELECT payable.ref, users.email, amount_minor, payment_intent_id, payable.created_at
                 FROM (SELECT ref, user_id, amount_minor, payment_intent_id, created_at FROM purchases
                        WHERE status = 'review'
                       UNION ALL
                       SELECT ref, user_id, amount_minor, payment_intent_id, created_at FROM topups
                        WHERE status = 'review') AS payable
                 JOIN users ON users.id = payable.user_id ORDER BY payable.created_at""",
    ),
)
_BY_NAME: Final = {listing.name: listing for listing in LISTS}


def find(name: str) -> Listing | None:
    """Return the list of this name."""
    return _BY_NAME.get(name)


def rows(session: Session, listing: Listing) -> Sequence[Row[Any]]:
    """Return the rows of a list, MOST of them."""
    return session.execute(text(f"SELECT * FROM ({listing.sql}) AS listed LIMIT {MOST}")).all()  # noqa: S608 - constants


def counts(session: Session) -> dict[str, int]:
    """Return how long each list is, by its name, in one statement."""
    parts = [f"(SELECT count(*) FROM ({listing.sql}) AS listed) AS {listing.name}" for listing in LISTS]  # noqa: S608
    return dict(session.execute(text(f"SELECT {', '.join(parts)}")).one()._mapping)  # noqa: SLF001 - constants
