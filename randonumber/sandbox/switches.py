"""`/_sandbox/…`: the switches for scripts. JSON only, and never from another site's page."""

from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request
from werkzeug.exceptions import HTTPException

from randonumber.sandbox import clock, faults
from randonumber.sandbox.recording import resend
from randonumber.sandbox.same_site import refuse_other_sites
from randonumber.sandbox.scope import Sandbox, run_due, unit

switches = Blueprint("switches", __name__, url_prefix="/_sandbox")
FARTHEST_SECONDS = 10 * 365 * 24 * 60 * 60


def sandbox() -> Sandbox:
    """Return the sandbox of this request."""
    found: Sandbox = current_app.extensions["sandbox"]
    return found


@switches.before_request
def take_only_json() -> None:
    """No page of another site, and no form."""
    refuse_other_sites()
    if (
        request.method != "GET"
        and request.mimetype != "application/json"
        and (request.method == "POST" or request.data)
    ):
        abort(415, "Send application/json.")


@switches.errorhandler(HTTPException)
def refused(error: HTTPException) -> tuple[Response, int]:
    """Every refusal in JSON."""
    return jsonify(error=error.description), error.code or 500


def body() -> dict[str, Any]:
    """Return the JSON object in the request; none is an empty one."""
    try:
        found = request.get_json(silent=True) if request.get_data() else {}
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        abort(400, "Send a JSON object.")
    return found


@switches.get("/config")
def config() -> Response:
    """Show what the app has to be told, and what the clock says."""
    own = sandbox()
    with unit(own) as scope:
        now = scope.now
    endpoints = [{"url": one.url, "secret": one.secret, "connect": one.connect} for one in own.endpoints]
    return jsonify(
        endpoints=endpoints,
        keys={"secret": "sk_test_sandbox", "publishable": "pk_test_sandbox"},
        client_id="ca_sandbox",
        stripe_js=f"{(own.base_url or request.host_url).rstrip('/')}/js/stripe.js",
        api_version=own.description.version,
        clock=now,
        strict=own.strict,
    )


@switches.post("/clock")
def move_clock() -> Response:
    """Move the sandbox's time forward; what falls due on the way happens."""
    seconds = body().get("advance_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds <= FARTHEST_SECONDS:
        abort(400, f"advance_seconds must be a whole number from 0 to {FARTHEST_SECONDS}.")
    return jsonify(clock=advance(sandbox(), seconds))


def advance(own: Sandbox, seconds: int) -> int:
    """Move the clock and let everything due happen; the new time."""
    with own.store.transaction():
        clock.advance(own.store, seconds)
    with unit(own) as scope:
        run_due(scope)
        return scope.now


@switches.post("/reset")
def reset() -> Response:
    """Forget everything: objects, events, keys, faults, the clock's lead."""
    with sandbox().store.transaction():
        sandbox().store.empty()
    return jsonify(reset=True)


@switches.post("/events/<event_id>/resend")
def resend_event(event_id: str) -> Response:
    """Deliver an event again."""
    with unit(sandbox()) as scope:
        sent = resend(scope, event_id)
        if not sent and not scope.store.find_anywhere(event_id):
            abort(404, f"No such event: {event_id}")
    return jsonify(deliveries=sent)


@switches.post("/faults")
def add_fault() -> tuple[Response, int]:
    """Plan a fault."""
    try:
        with sandbox().store.transaction():
            return jsonify(faults.as_json(faults.add(sandbox().store, body()))), 201
    except faults.Unplannable as reason:
        abort(400, str(reason))


@switches.get("/faults")
def list_faults() -> Response:
    """Show the plan."""
    with sandbox().store.transaction():
        return jsonify(faults=faults.listed(sandbox().store))


@switches.delete("/faults")
def clear_faults() -> Response:
    """Empty the plan."""
    with sandbox().store.transaction():
        faults.clear(sandbox().store)
    return jsonify(faults=[])
