"""What is broken in the books is remembered until a run finds it whole: withdrawals are barred as long.

Only invariants of the books (`A…`) are kept; what lies too long (`L…`) is told and bars nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from randonumber import clock
from randonumber.ledger import checks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from randonumber.ledger.checks import CheckResult

    Notice = Callable[[Session, Sequence[CheckResult]], None]

log = logging.getLogger(__name__)

BOOKS: Final = "A"
_KEEP: Final = text("""
    INSERT INTO broken_invariants (check_id, title, rows_broken, since, seen_at)
    VALUES (:check_id, :title, :rows_broken, :now, :now)
        ON CONFLICT (check_id) DO UPDATE
           SET title = EXCLUDED.title, rows_broken = EXCLUDED.rows_broken, seen_at = EXCLUDED.seen_at
    RETURNING xmax = 0 AS is_new
""")
_STANDING: Final = text("SELECT check_id FROM broken_invariants ORDER BY check_id")
_LIFT: Final = text("DELETE FROM broken_invariants WHERE check_id = ANY (:ids) RETURNING check_id")
_notices: list[Notice] = []


def on_broken(notice: Notice) -> None:
    """Call `notice(session, begun)` in the transaction that first finds invariants broken. Safe to call again."""
    if notice not in _notices:
        _notices.append(notice)


def standing(session: Session) -> list[str]:
    """Return the ids of the invariants that are known to be broken."""
    return list(session.scalars(_STANDING))


def keep(session: Session, results: Sequence[CheckResult]) -> None:
    """Remember what does not hold; log an alarm for each, and tell the operators, when it begins. Never commits."""
    begun = [result for result in results if not result.holds and _is_new(session, result)]
    for result in begun:
        facts: dict[str, Any] = {"check": result.id, "title": result.title, "count": result.count}
        log.critical("invariant_broken", extra=facts)
    books = [result for result in begun if result.id.startswith(BOOKS)]
    if books:
        for notice in _notices:
            notice(session, books)


def lift(session: Session, results: Sequence[CheckResult], *, is_all: bool = False) -> None:
    """Forget what holds again, by runs that looked at all of the books. Never commits.

    `is_all`: these are the results of every check there is, so that one which is checked no more is forgotten too.
    """
    broken = {result.id for result in results if not result.holds}
    looked_at = set(standing(session)) if is_all else {result.id for result in results}
    healed = session.scalars(_LIFT, {"ids": sorted(looked_at - broken)}).all()
    for check_id in healed:
        log.warning("invariant_holds_again", extra={"check": check_id})


def look(session: Session) -> list[CheckResult]:
    """Run every invariant, remember what does not hold and forget what does; return the results. Never commits."""
    results = checks.run(session)
    keep(session, results)
    lift(session, results, is_all=True)
    return results


def _is_new(session: Session, result: CheckResult) -> bool:
    """Write it down; whether it was not known before. What lies too long is not kept, so it is new each time."""
    if not result.id.startswith(BOOKS):
        return True
    row = {"check_id": result.id, "title": result.title, "rows_broken": result.count, "now": clock.now()}
    return bool(session.execute(_KEEP, row).scalar_one())
