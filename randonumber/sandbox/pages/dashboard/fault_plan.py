"""The fault plan: what shall go wrong, planned and cleared by a form."""

from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from randonumber.sandbox import faults
from randonumber.sandbox.pages.dashboard.blueprint import pages
from randonumber.sandbox.pages.layout import sandbox
from randonumber.sandbox.same_site import refuse_other_sites
from randonumber.sandbox.scope import unit

MEANINGS = {
    "reset_before": "the line is cut, nothing happened",
    "reset_after": "the line is cut, it happened",
    "truncate": "half an answer",
    "slow": "it happened, the answer comes late",
    "error_500": "500, nothing happened; its key keeps the 500",
    "error_500_done": "500, but it happened; its key keeps the 500",
    "error_401": "401, as after the key was rolled",
    "error_403": "403, as without permission",
    "error_429": "429, refused for now",
    "error_409": "409, its key is in use",
    "key_ttl": "its idempotency key is forgotten early",
    "duplicate": "the event comes twice",
    "shuffle": "the event comes in another order",
    "delay": "the event comes late",
    "lose": "the event never comes",
}
NUMBERS = {"times": int, "seconds": float, "rate": float, "seed": int}


@pages.get("/dashboard/faults")
def fault_plan() -> str:
    """Show the plan, and a form for one more."""
    return plan_page({})


def plan_page(typed: dict[str, str], notice: str = "") -> str:
    """Show the plan with what was typed and what is wrong with it."""
    with unit(sandbox()) as scope:
        planned = faults.listed(scope.store)
    operations = sorted(one.name for one in sandbox().description.operations)
    kinds = [(name, MEANINGS.get(name, "")) for name in [*MEANINGS, *sorted(faults.EVERY - set(MEANINGS))]]
    return render_template(
        "faults.html",
        planned=planned,
        meanings=MEANINGS,
        choices=[(name, meaning) for name, meaning in kinds if name in faults.EVERY],
        operations=operations,
        typed=typed,
        notice=notice,
    )


@pages.post("/dashboard/faults")
def plan_fault() -> Response | tuple[str, int]:
    """Put a fault into the plan, or say what is wrong with it."""
    refuse_other_sites()
    typed = {name: request.form.get(name, "").strip() for name in ("operation", "fault", *NUMBERS)}
    try:
        with sandbox().store.transaction():
            faults.add(sandbox().store, read(typed))
    except faults.Unplannable as reason:
        return plan_page(typed, f"Not planned: {reason}."), 422
    return redirect(url_for("dashboard.fault_plan"), 303)


def read(typed: dict[str, str]) -> dict[str, Any]:
    """Return what was typed as a plan; empty fields are left out. Raises Unplannable for what is no number."""
    plan: dict[str, Any] = {"operation": typed["operation"], "fault": typed["fault"]}
    for name, kind in NUMBERS.items():
        if typed[name]:
            try:
                plan[name] = kind(typed[name])
            except ValueError as error:
                raise faults.Unplannable(f"{name} must be a number") from error
    return plan


@pages.post("/dashboard/faults/clear")
def clear_plan() -> Response:
    """Empty the plan."""
    refuse_other_sites()
    with sandbox().store.transaction():
        faults.clear(sandbox().store)
    return redirect(url_for("dashboard.fault_plan"), 303)
