"""The dashboard: what is in the sandbox, what it sent, what it was asked, and the app's mail."""

import json
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from randonumber.sandbox import mailbox
from randonumber.sandbox.pages.layout import sandbox
from randonumber.sandbox.recording import resend as queue_again
from randonumber.sandbox.resources import balance
from randonumber.sandbox.same_site import refuse_other_sites
from randonumber.sandbox.scope import Scope, unit
from randonumber.sandbox.switches import advance

pages = Blueprint("dashboard", __name__)
KINDS = ("checkout.session", "payment_intent", "charge", "balance_transaction", "customer", "payment_method")
PAGE = 25
STEPS = {"hour": 3600, "day": 86400, "week": 7 * 86400, "month": 30 * 86400}


@pages.get("/")
def root() -> Response:
    """Go to the dashboard, the sandbox's front page."""
    return redirect(url_for("dashboard.home"))


@pages.get("/dashboard")
def home() -> str:
    """Balances, counts, the newest objects and events, and the clock."""
    with unit(sandbox()) as scope:
        accounts = [row["account"] for row in scope.store.rows("SELECT DISTINCT account FROM objects ORDER BY account")]
        return render_template(
            "dashboard.html",
            now=scope.now,
            steps=STEPS,
            balances={account: balance.show(scope.at(scope.now, account)) for account in accounts},
            counts={kind: count(scope, kind) for kind in KINDS},
            events=newest(scope, "event", None)[:8],
            faults=scope.store.rows("SELECT * FROM faults ORDER BY id"),
        )


def count(scope: Scope, kind: str) -> int:
    """How many objects of a kind there are."""
    row = scope.store.row("SELECT count(*) AS n FROM objects WHERE kind = ? AND deleted = 0", kind)
    return row["n"] if row else 0


def newest(scope: Scope, kind: str, before: int | None) -> list[dict[str, Any]]:
    """Return a page of objects, one more than is shown."""
    rows = scope.store.rows(
        "SELECT seq, account, body FROM objects WHERE kind = ? AND deleted = 0 AND seq < ? ORDER BY seq DESC LIMIT ?",
        kind, before if before is not None else 2**62, PAGE + 1,
    )  # fmt: skip
    return [{"seq": row["seq"], "account": row["account"], **json.loads(row["body"])} for row in rows]


@pages.get("/dashboard/objects/<kind>")
def objects(kind: str) -> str:
    """Show a list of objects of one kind."""
    if kind not in (*KINDS, "event", "webhook_endpoint", "product", "price"):
        abort(404)
    with unit(sandbox()) as scope:
        found = newest(scope, kind, request.args.get("before", type=int))
    more = found[PAGE - 1]["seq"] if len(found) > PAGE else None
    return render_template("objects.html", kind=kind, found=found[:PAGE], more=more)


@pages.get("/dashboard/object/<object_id>")
def show(object_id: str) -> str:
    """One object as JSON, with what speaks of it; an event with its deliveries."""
    with unit(sandbox()) as scope:
        found = scope.store.find_anywhere(object_id)
        if not found:
            abort(404, "There is no such object in the sandbox.")
        events = scope.store.rows(
            "SELECT id, json_extract(body, '$.type') AS type, created FROM objects WHERE kind = 'event' AND "
            "json_extract(body, '$.data.object.id') = ? ORDER BY seq DESC LIMIT 20",
            object_id,
        )
        deliveries = scope.store.rows("SELECT * FROM deliveries WHERE event_id = ? ORDER BY id", object_id)
        attempts = scope.store.rows(
            "SELECT attempts.* FROM attempts JOIN deliveries ON deliveries.id = delivery_id WHERE event_id = ? "
            "ORDER BY attempts.id DESC LIMIT 20",
            object_id,
        )
    text = json.dumps(found.body, indent=2)
    return render_template(
        "object.html", found=found, text=text, events=events, deliveries=deliveries, attempts=attempts
    )


@pages.get("/dashboard/deliveries")
def deliveries() -> str:
    """Webhooks sent and to be sent, newest first."""
    with unit(sandbox()) as scope:
        rows = scope.store.rows(
            "SELECT deliveries.*, json_extract(objects.body, '$.type') AS type FROM deliveries JOIN objects "
            "ON objects.id = event_id ORDER BY deliveries.id DESC LIMIT ?",
            PAGE * 4,
        )
    return render_template("deliveries.html", deliveries=rows)


@pages.get("/dashboard/requests")
def requests() -> str:
    """Show what the API was asked, newest first."""
    with unit(sandbox()) as scope:
        rows = scope.store.rows("SELECT * FROM requests ORDER BY seq DESC LIMIT ?", PAGE * 4)
    return render_template("requests.html", requests=rows)


@pages.get("/dashboard/requests/<request_id>")
def one_request(request_id: str) -> str:
    """One request with its parameters and its answer."""
    with unit(sandbox()) as scope:
        row = scope.store.row("SELECT * FROM requests WHERE id = ?", request_id)
    if row is None:
        abort(404, "There is no such request in the sandbox.")
    return render_template("request.html", row=row, params=pretty(row["params"]), answer=pretty(row["answer"]))


def pretty(text: str) -> str:
    """Return JSON with its lines, or what was cut off as it stands."""
    try:
        return json.dumps(json.loads(text), indent=2)
    except json.JSONDecodeError:
        return text + " …"


@pages.get("/dashboard/mail")
def mail() -> str:
    """Show the app's mail, newest first."""
    return render_template("mail.html", messages=mailbox.listed(sandbox().mail_dir))


@pages.get("/dashboard/mail/<name>")
def one_mail(name: str) -> str:
    """One message as plain text."""
    message = mailbox.read(sandbox().mail_dir, name)
    if message is None:
        abort(404, "There is no such message.")
    return render_template("message.html", message=message)


@pages.post("/dashboard/clock")
def move_clock() -> Response:
    """Move the sandbox's time by one of the offered steps."""
    refuse_other_sites()
    seconds = STEPS.get(request.form.get("step", ""))
    if seconds is None:
        abort(422, "Choose one of: " + ", ".join(STEPS))
    advance(sandbox(), seconds)
    return redirect(url_for("dashboard.home"), 303)


@pages.post("/dashboard/events/<event_id>/resend")
def resend(event_id: str) -> Response:
    """Deliver an event again."""
    refuse_other_sites()
    with unit(sandbox()) as scope:
        found = scope.store.find_anywhere(event_id)
        if not found or found.kind != "event":
            abort(404, "There is no such event in the sandbox.")
        queue_again(scope, event_id)
    return redirect(url_for("dashboard.show", object_id=event_id), 303)
