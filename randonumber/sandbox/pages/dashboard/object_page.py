"""The page of one object: what it is in words, what it belongs to, what can be done with it, and its JSON."""

import json
from typing import Any

from flask import abort, render_template, request

from randonumber.sandbox import connections
from randonumber.sandbox.pages.dashboard import reading, stories
from randonumber.sandbox.pages.dashboard.action import Action
from randonumber.sandbox.pages.dashboard.actions import DONE, offered
from randonumber.sandbox.pages.dashboard.blueprint import pages
from randonumber.sandbox.pages.dashboard.cells import Cell, code, link, moment
from randonumber.sandbox.pages.dashboard.deliveries import attempts_of, sent_to
from randonumber.sandbox.pages.dashboard.kinds import kind_of
from randonumber.sandbox.pages.dashboard.related import related
from randonumber.sandbox.pages.layout import sandbox
from randonumber.sandbox.resources import HANDLERS
from randonumber.sandbox.resources.funds import balance
from randonumber.sandbox.scope import Scope, unit
from randonumber.sandbox.store import Record


@pages.get("/dashboard/object/<object_id>")
def show(object_id: str) -> str:
    """Show one object, with what speaks of it; an event with its deliveries, an account with its balance."""
    with unit(sandbox(), base_url=request.host_url) as scope:
        return page(scope, found_or_404(scope, object_id), done=DONE.get(request.args.get("done", ""), ""))


def found_or_404(scope: Scope, object_id: str) -> Record:
    """Return an object by its id; a platform account, which is kept nowhere, as the API shows it."""
    found = scope.store.find_anywhere(object_id)
    if found:
        return found
    known = {one.id for one in reading.accounts(scope.store) if one.platform is None}
    if object_id not in known:
        abort(404, "There is no such object in the sandbox.")
    body = HANDLERS["GET /v1/account"](scope.at(scope.now, object_id), {})
    return Record(seq=0, account=object_id, kind="account", body=body, hidden={}, deleted=False)


def page(scope: Scope, found: Record, *, notice: str = "", done: str = "", typed: dict[str, str] | None = None) -> str:
    """Show an object; `notice` says what was refused, `done` what was done."""
    actions = offered(found)
    return render_template(
        "object.html",
        found=found,
        words=kind_of(found.kind),
        facts=facts(scope, found),
        story=stories.story(found),
        coming=stories.coming(scope, found.body["id"]),
        links=links(found),
        related=related(scope, found),
        events=[] if found.kind == "event" else reading.events_about(scope, found),
        metadata=found.body.get("metadata") or {},
        text=json.dumps(found.body, indent=2, ensure_ascii=False),
        actions=actions,
        values=first_values(actions, found, typed or {}),
        notice=notice,
        done=done,
        extra=extra(scope, found),
    )


def facts(scope: Scope, found: Record) -> list[tuple[str, Cell]]:
    """Return what is known of an object, without what is empty."""
    kind = kind_of(found.kind)
    shown = [(name, read(found.body)) for name, read in (*kind.columns, *kind.more)]
    shown += [
        ("Created", moment(found.body.get("created"))),
        ("Platform" if found.kind == "account" else "Account", link(found.account)),
    ]
    if found.kind == "account":
        connection = connections.find(scope.store, found.body["id"])
        title = "a platform" if connection is None else "connected" if connection.live else "disconnected"
        shown = [("Connection", Cell(text=title)), *(one for one in shown if connection or one[0] != "Platform")]
    if found.kind == "webhook_endpoint":
        sort = "connected accounts" if found.hidden.get("connect") else "the account's own"
        shown += [("Events of", Cell(text=sort)), ("Signing secret", code(found.hidden.get("secret")))]
    return [(name, cell) for name, cell in shown if cell.text]


def links(found: Record) -> list[tuple[str, str]]:
    """Return the pages that people see of an object: label and address."""
    body, address = found.body, found.body["id"]
    if found.kind == "checkout.session" and body.get("url") and body["status"] == "open":
        return [("Open the payment page", f"/checkout/{address}")]
    if found.kind in ("payment_intent", "setup_intent") and body["status"] == "requires_action":
        return [("Open the 3-D Secure page", f"/challenge/{address}")] if body.get("next_action") else []
    if found.kind == "charge" and body.get("receipt_url") and body.get("paid"):
        return [("Open the receipt", f"/receipts/{address}")]
    return []


def extra(scope: Scope, found: Record) -> dict[str, Any]:
    """Return what only some kinds have: deliveries of an event or an endpoint, the balance of an account."""
    if found.kind == "event":
        event_id = found.body["id"]
        rows = scope.store.rows("SELECT * FROM deliveries WHERE event_id = ? ORDER BY id", event_id)
        return {"event_deliveries": rows, "attempts": attempts_of(scope, event_id)}
    if found.kind == "webhook_endpoint":
        return {"sent": sent_to(scope, found.body["url"])}
    if found.kind == "account":
        own = found.body["id"]
        return {"balance": balance.show(scope.at(scope.now, own)), "counts": reading.counts(scope, own)}
    return {}


def first_values(actions: list[Action], found: Record, typed: dict[str, str]) -> dict[str, str]:
    """Return what stands in the fields of the forms at first, by action and field."""
    return {
        f"{action.name}-{one.name}": typed.get(f"{action.name}-{one.name}", one.default(found.body))
        for action in actions
        for one in action.fields
    }
