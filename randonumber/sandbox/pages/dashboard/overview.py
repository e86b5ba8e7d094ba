"""The front page: accounts with their balances, the clock, what happened last, and what is planned."""

from dataclasses import dataclass
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from randonumber.sandbox.pages.dashboard import reading
from randonumber.sandbox.pages.dashboard.blueprint import MENU, chosen_account, here, pages
from randonumber.sandbox.pages.dashboard.cells import spoken
from randonumber.sandbox.pages.layout import sandbox
from randonumber.sandbox.resources.funds import balance
from randonumber.sandbox.same_site import refuse_other_sites
from randonumber.sandbox.scope import Json, Scope, unit
from randonumber.sandbox.switches import advance

STEPS = {"hour": 3600, "day": 86400, "week": 7 * 86400, "month": 30 * 86400}
SHOWN_ACCOUNTS = 50
SHOWN_EVENTS = 10


@dataclass(frozen=True, kw_only=True)
class Line:
    """An account on the overview: who it is, and its money in words by state."""

    account: reading.Account
    name: str
    available: list[str]
    pending: list[str]
    reserved: list[str]


@pages.get("/")
def root() -> Response:
    """Go to the dashboard, the sandbox's front page."""
    return redirect(url_for("dashboard.home"))


@pages.get("/dashboard")
def home() -> str:
    """Balances, counts, the newest events, the fault plan, and the clock."""
    with unit(sandbox()) as scope:
        accounts = reading.accounts(scope.store)
        wanted = [one for one in accounts if chosen_account() in ("", one.id, one.platform)]
        return render_template(
            "dashboard.html",
            now=scope.now,
            steps=STEPS,
            accounts=accounts,
            lines=[line(scope, one) for one in wanted[:SHOWN_ACCOUNTS]],
            left_out=max(len(wanted) - SHOWN_ACCOUNTS, 0),
            counts=reading.counts(scope, chosen_account()),
            groups=MENU,
            events=reading.newest(scope, "event", chosen_account(), reading.LAST, SHOWN_EVENTS),
            waiting=waiting(scope),
            coming=scope.store.row("SELECT count(*) AS n, min(at) AS at FROM due"),
            faults=scope.store.rows("SELECT * FROM faults ORDER BY id"),
        )


def line(scope: Scope, account: reading.Account) -> Line:
    """Return an account with its balance, as the API would show it."""
    shown = balance.show(scope.at(scope.now, account.id))
    found = scope.store.find(account.platform, account.id) if account.platform else None
    return Line(
        account=account,
        name=(found.body.get("email") or f"{found.body.get('type')} account") if found else account.title,
        available=sums(shown["available"]),
        pending=sums(shown["pending"]),
        reserved=sums(shown.get("connect_reserved", []), zero=False),
    )


def sums(parts: list[Json], *, zero: bool = True) -> list[str]:
    """Return amounts in words; with `zero` false without those of nothing."""
    return [spoken(part["amount"], part["currency"]) for part in parts if zero or part["amount"]]


def waiting(scope: Scope) -> int:
    """Return how many webhooks wait to be delivered."""
    row = scope.store.row("SELECT count(*) AS n FROM deliveries WHERE state = 'pending'")
    return row["n"] if row else 0


@pages.post("/dashboard/clock")
def move_clock() -> Response:
    """Move the sandbox's time by one of the offered steps."""
    refuse_other_sites()
    seconds = STEPS.get(request.form.get("step", ""))
    if seconds is None:
        abort(422, "Choose one of: " + ", ".join(STEPS))
    advance(sandbox(), seconds)
    return redirect(here("dashboard.home"), 303)


@pages.app_template_filter("plural")
def plural(number: Any, one: str) -> str:
    """`1 charge`, `2 charges`."""
    return f"{number} {one}{'' if number == 1 else 's'}"
