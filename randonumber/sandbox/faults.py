"""The fault plan: what shall go wrong, for which operation or event, how often."""

import random
import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from randonumber.sandbox.fault_targets import objection
from randonumber.sandbox.store import Store

BEFORE = frozenset({"reset_before", "error_429", "error_409", "error_401", "error_403"})
ON_THE_WAY_BACK = frozenset({"reset_after", "slow", "truncate"})
OF_EXECUTION = frozenset({"error_500", "error_500_done", "key_ttl"})
OF_EVENTS = frozenset({"duplicate", "shuffle", "delay", "lose"})
OF_REQUESTS = BEFORE | ON_THE_WAY_BACK | OF_EXECUTION
EVERY = OF_REQUESTS | OF_EVENTS
NEED_SECONDS = frozenset({"slow", "key_ttl"})  # nothing without them
LONGEST_SECONDS = 3600
LONGEST_OPERATION = 200


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One line of the plan. `times` None means always; `rate` with `seed` decides at random, the same each run."""

    id: int
    operation: str
    kind: str
    times: int | None
    seconds: float | None
    rate: float | None
    seed: int
    draws: int


class Unplannable(Exception):
    """The plan asks for something that does not exist; the text says what."""


def add(store: Store, plan: dict[str, Any]) -> Fault:
    """Put one fault into the plan. Raises Unplannable when it is not well formed."""
    check(plan)
    cursor = store.run(
        "INSERT INTO faults (operation, fault, times, seconds, rate, seed) VALUES (?, ?, ?, ?, ?, ?)",
        plan["operation"], plan["fault"], times_of(plan), plan.get("seconds"), plan.get("rate"), plan.get("seed", 0),
    )  # fmt: skip
    row = store.row("SELECT * FROM faults WHERE id = ?", cursor.lastrowid)
    if row is None:
        raise Unplannable("the fault could not be kept")
    return fault(row)


def times_of(plan: dict[str, Any]) -> int | None:
    """How often: as asked, once by default, without end for a rate."""
    asked: int | None = plan.get("times", None if "rate" in plan else 1)
    return asked


def check(plan: dict[str, Any]) -> None:
    """Raise Unplannable with one sentence for the first thing that is wrong."""
    unknown = sorted(set(plan) - {"operation", "fault", "times", "seconds", "rate", "seed"})
    if unknown:
        raise Unplannable(f"unknown field {unknown[0]!r}")
    if not isinstance(plan.get("fault"), str) or plan["fault"] not in EVERY:
        raise Unplannable("fault must be one of " + ", ".join(sorted(EVERY)))
    if not isinstance(plan.get("operation"), str) or not 0 < len(plan["operation"]) <= LONGEST_OPERATION:
        raise Unplannable(
            "operation must be like 'POST /v1/checkout/sessions', for events like 'charge.succeeded' or '*'"
        )
    for name, kinds, low, high in (
        ("times", int, 1, 1_000_000),
        ("seconds", (int, float), 0, LONGEST_SECONDS),
        ("rate", (int, float), 0, 1),
        ("seed", int, 0, 2**62),
    ):
        value = plan.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high):
            raise Unplannable(f"{name} must be a number from {low} to {high}")
    if plan["fault"] in NEED_SECONDS and plan.get("seconds") is None:
        raise Unplannable(f"{plan['fault']} needs seconds")
    reason = objection(plan["operation"], plan["fault"], of_events=plan["fault"] in OF_EVENTS)
    if reason:
        raise Unplannable(reason)


def take(store: Store, operation: str, kinds: frozenset[str], path: str = "") -> Fault | None:
    """Return the first planned fault of these kinds that strikes here, counted as used; None when all goes well."""
    for row in store.rows("SELECT * FROM faults ORDER BY id"):
        if row["fault"] in kinds and matches(row["operation"], operation, path) and strikes(store, row):
            return fault(row)
    return None


def strikes(store: Store, row: sqlite3.Row) -> bool:
    """Draw if the fault is a matter of chance, and use it up."""
    store.run("UPDATE faults SET draws = draws + 1 WHERE id = ?", row["id"])
    if row["rate"] is not None and chance(row["seed"], row["draws"]) >= row["rate"]:
        return False
    if row["times"] == 1:
        store.run("DELETE FROM faults WHERE id = ?", row["id"])
    elif row["times"] is not None:
        store.run("UPDATE faults SET times = times - 1 WHERE id = ?", row["id"])
    return True


def chance(seed: int | None, draws: int) -> float:
    """Return a number from 0 to 1, the same for the same seed and draw."""
    return random.Random(f"{seed or 0}:{draws}").random()  # noqa: S311 -- it must come out the same each time


def matches(planned: str, operation: str, path: str) -> bool:
    """Whether a planned operation is this one: `*`, the template as Stripe writes it, or an address of its own."""
    if planned in ("*", operation, path):
        return True
    pattern = re.escape(planned).replace(r"\{", "{").replace(r"\}", "}")
    return re.fullmatch(re.sub(r"\{[^{}]*\}", "[^/]+", pattern), path) is not None


def listed(store: Store) -> list[dict[str, Any]]:
    """Return the plan, as it was given."""
    return [as_json(fault(row)) for row in store.rows("SELECT * FROM faults ORDER BY id")]


def as_json(one: Fault) -> dict[str, Any]:
    """Return a fault as the switch shows it."""
    return {
        "id": one.id,
        "operation": one.operation,
        "fault": one.kind,
        "times": one.times,
        "seconds": one.seconds,
        "rate": one.rate,
        "seed": one.seed,
    }


def clear(store: Store) -> None:
    """Empty the plan."""
    store.run("DELETE FROM faults")


def fault(row: sqlite3.Row) -> Fault:
    """Return a row of the plan."""
    return Fault(
        id=row["id"],
        operation=row["operation"],
        kind=row["fault"],
        times=row["times"],
        seconds=row["seconds"],
        rate=row["rate"],
        seed=row["seed"] or 0,
        draws=row["draws"],
    )
