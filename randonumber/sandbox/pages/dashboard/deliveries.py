"""Webhooks sent and to be sent, each attempt with its request and its answer, and the endpoints they go to."""

import sqlite3
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from randonumber.sandbox.pages.dashboard import reading
from randonumber.sandbox.pages.dashboard.blueprint import before, chosen_account, pages
from randonumber.sandbox.pages.layout import sandbox
from randonumber.sandbox.recording import resend as queue_again
from randonumber.sandbox.same_site import refuse_other_sites
from randonumber.sandbox.scope import Scope, unit

STATES = ("pending", "delivered", "given_up", "lost")
MOST_ATTEMPTS = 20


@pages.get("/dashboard/deliveries")
def deliveries() -> str:
    """Show webhooks, newest first; `state` and `url` narrow the list."""
    state, url = request.args.get("state", ""), request.args.get("url", "")
    with unit(sandbox()) as scope:
        found = listed(scope, state=state, url=url, below=before())
        accounts = reading.accounts(scope.store)
    return render_template(
        "deliveries.html",
        deliveries=found[: reading.PAGE],
        more=found[reading.PAGE - 1]["id"] if len(found) > reading.PAGE else None,
        first="before" not in request.args,
        state_asked=state,
        url=url,
        states=STATES,
        accounts=accounts,
    )


def listed(scope: Scope, *, state: str = "", url: str = "", below: int = reading.LAST) -> list[sqlite3.Row]:
    """Return a page of deliveries and one more."""
    wanted = {"deliveries.account": chosen_account(), "deliveries.state": state, "deliveries.url": url}
    asked = {name: value for name, value in wanted.items() if value}
    where = "".join(f"AND {name} = ? " for name in asked)
    return scope.store.rows(
        "SELECT deliveries.*, json_extract(objects.body, '$.type') AS type FROM deliveries JOIN objects "  # noqa: S608
        f"ON objects.id = event_id WHERE deliveries.id < ? {where}ORDER BY deliveries.id DESC LIMIT ?",
        below, *asked.values(), reading.PAGE + 1,
    )  # fmt: skip


@pages.get("/dashboard/deliveries/<int:delivery_id>")
def one_delivery(delivery_id: int) -> str:
    """One delivery with its attempts."""
    with unit(sandbox()) as scope:
        row = scope.store.row("SELECT * FROM deliveries WHERE id = ?", min(delivery_id, reading.LAST))
        if row is None:
            abort(404, "There is no such delivery in the sandbox.")
        event = scope.store.find_anywhere(row["event_id"])
        attempts = attempts_of(scope, row["event_id"], delivery_id)
    return render_template("delivery.html", row=row, event=event, attempts=attempts)


def attempts_of(scope: Scope, event_id: str, delivery_id: int | None = None) -> list[sqlite3.Row]:
    """Return the newest attempts to deliver an event, of one delivery or of all."""
    where = "AND deliveries.id = ? " if delivery_id else ""
    return scope.store.rows(
        "SELECT attempts.*, deliveries.url FROM deliveries JOIN attempts ON deliveries.id = delivery_id "  # noqa: S608
        f"WHERE event_id = ? {where}ORDER BY attempts.id DESC LIMIT ?",
        event_id, *([delivery_id] if delivery_id else []), MOST_ATTEMPTS,
    )  # fmt: skip


@pages.get("/dashboard/endpoints/<int:number>")
def app_endpoint(number: int) -> str:
    """One of the app's own endpoints: its secret, and what it was sent."""
    if number >= len(sandbox().endpoints):
        abort(404, "The app has no such endpoint.")
    endpoint = sandbox().endpoints[number]
    with unit(sandbox()) as scope:
        sent = sent_to(scope, endpoint.url)
    return render_template("endpoint.html", endpoint=endpoint, **sent)


def sent_to(scope: Scope, url: str) -> dict[str, Any]:
    """Return how many deliveries an address has in each state, and its newest ones."""
    rows = scope.store.rows("SELECT state, count(*) AS n FROM deliveries WHERE url = ? GROUP BY state", url)
    return {"states": {row["state"]: row["n"] for row in rows}, "deliveries": listed(scope, url=url)[:10]}


@pages.post("/dashboard/events/<event_id>/resend")
def resend(event_id: str) -> Response:
    """Deliver an event again, to everybody who got it or should have."""
    refuse_other_sites()
    with unit(sandbox()) as scope:
        found = scope.store.find_anywhere(event_id)
        if not found or found.kind != "event":
            abort(404, "There is no such event in the sandbox.")
        queue_again(scope, event_id)
    return redirect(url_for("dashboard.show", object_id=event_id, done="resend"), 303)
