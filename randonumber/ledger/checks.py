"""Invariants: SQL that must return nothing. Features register their own; `ledger check` runs them all.

One statement runs every check, so all of them see one snapshot of the books.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from randonumber.ledger.invariants import LEDGER_CHECKS, RECENT_CHAIN, Check

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.orm import Session

__all__ = ["Check", "CheckResult", "register", "run", "run_quick", "run_recent"]

SAMPLES: Final = 5
# Compiling these queries to machine code costs more than running them on most books; on large ones they take
# longer than any request may.
_PATIENCE: Final = text("SELECT set_config('jit', 'off', true), set_config('statement_timeout', '10min', true)")
_registered: dict[str, Check] = {check.id: check for check in LEDGER_CHECKS}


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """How many rows break an invariant, and the first of them."""

    id: str
    title: str
    count: int
    samples: list[dict[str, Any]]

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return self.count == 0


def register(*checks: Check) -> None:
    """Let every run include these checks. Safe to call again; raises ValueError when an id is another check's."""
    for check in checks:
        standing = _registered.get(check.id, check)
        if standing.title != check.title:
            message = f"{check.id} is taken: {standing.title}"
            raise ValueError(message)
        _registered[check.id] = check


def forget(check_id: str) -> None:
    """Run a check no longer: for tests that plant one."""
    _registered.pop(check_id, None)


def run(session: Session, *, prefix: str = "", ids: Collection[str] | None = None) -> list[CheckResult]:
    """Run every check whose id begins with `prefix`, or those of `ids`, in one round trip; return results by id.

    Invariants of the books are `A…`; `L…` say that nothing is left lying. Never commits.
    """
    checks = [
        check
        for _, check in sorted(_registered.items())
        if check.id.startswith(prefix) and (ids is None or check.id in ids)
    ]
    return _results(session, checks, {}) if checks else []


def run_recent(session: Session, since: datetime) -> list[CheckResult]:
    """Check the accounts that transactions since then have touched: each step follows from the one before it.

    The cost follows the number of those transactions, not the age of the accounts. Never commits.
    """
    return _results(session, [RECENT_CHAIN], {"since": since})


def run_quick(session: Session) -> list[CheckResult]:
    """Run every check that is quick on books of any size. Never commits."""
    return run(session, ids={check.id for check in _registered.values() if check.is_quick})


def _results(session: Session, checks: list[Check], parameters: dict[str, Any]) -> list[CheckResult]:
    session.execute(_PATIENCE)
    statement = text("\nUNION ALL\n".join(_counted(check) for check in checks))
    rows = {row.id: row for row in session.execute(statement, parameters)}
    return [
        CheckResult(id=check.id, title=check.title, count=rows[check.id].broken, samples=rows[check.id].samples or [])
        for check in checks
    ]


def _counted(check: Check) -> str:
    return f"""(WITH violation AS MATERIALIZED ({check.sql})
        SELECT '{check.id}' AS id, (SELECT count(*) FROM violation) AS broken,
               (SELECT jsonb_agg(to_jsonb(sample)) FROM (SELECT * FROM violation LIMIT {SAMPLES}) AS sample)
               AS samples)"""  # noqa: S608 - constants of the source alone
