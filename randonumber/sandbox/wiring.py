"""The sandbox as a WSGI app of its own."""

import sys
from collections.abc import Sequence
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException, InternalServerError

from randonumber.sandbox import currencies, resources
from randonumber.sandbox.pages import challenge, checkout, dashboard, express, oauth, onboarding, receipts, stripejs
from randonumber.sandbox.pages.layout import harden, when
from randonumber.sandbox.scope import Endpoint, Sandbox
from randonumber.sandbox.spec import answers, description
from randonumber.sandbox.store import Store
from randonumber.sandbox.switches import switches
from randonumber.sandbox.wire.dispatch import Api, as_envelope

MOST_BYTES = 1024 * 1024
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_sandbox(
    *,
    database: str | Path = ":memory:",
    endpoints: Sequence[Endpoint] = (),
    base_url: str | None = None,
    strict: bool = False,
    mail_dir: Path | None = None,
) -> Flask:
    """Return the sandbox; its state is in `database`, kept when that is a file. Delivers nothing by itself."""
    app = copy(wired())
    app.config = copy(app.config)
    app.extensions = {
        "sandbox": Sandbox(
            store=Store(database),
            description=description.load(),
            answers=answers.load(),
            endpoints=tuple(endpoints),
            base_url=base_url,
            strict=strict,
            mail_dir=mail_dir,
            due_actions=resources.DUE_ACTIONS,
        )
    }
    return app


@cache
def wired() -> Flask:
    """Return the routes and templates of every sandbox, which have no state.

    Werkzeug compiles a route in half a millisecond, and tests make thousands of sandboxes: so only once.
    """
    app = Flask("randonumber.sandbox")
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MOST_BYTES
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.filters.update(money=currencies.plain, price=currencies.full, when=when)
    for module in (challenge, checkout, dashboard, express, oauth, onboarding, receipts, stripejs):
        app.register_blueprint(module.pages)
    app.register_blueprint(switches)
    serve_api(app)
    app.before_request(refuse_foreign_hosts)
    app.after_request(harden)
    app.register_error_handler(HTTPException, on_error)
    return app


def sandbox_of(app: Flask) -> Sandbox:
    """Return the parts of a sandbox made by `create_sandbox`."""
    found: Sandbox = app.extensions["sandbox"]
    return found


def serve_api(app: Flask) -> None:
    """Everything below `/v1/` is Stripe's API."""
    api = Api(handlers=resources.HANDLERS, included=resources.INCLUDED)

    def answer(**_: Any) -> Response:
        return api.respond(sandbox_of(current_app), request)

    app.add_url_rule("/v1", "api_root", answer, methods=METHODS, provide_automatic_options=False)
    app.add_url_rule("/v1/", "api_slash", answer, methods=METHODS, provide_automatic_options=False)
    app.add_url_rule("/v1/<path:rest>", "api", answer, methods=METHODS, provide_automatic_options=False)


def refuse_foreign_hosts() -> None:
    """Only loopback names, so that no page on the web can reach the sandbox through a name of its own."""
    sandbox: Sandbox = current_app.extensions["sandbox"]
    own = urlsplit(sandbox.base_url).hostname if sandbox.base_url else None
    if host_name(request.host) not in LOOPBACK | {own}:
        abort(403, "The sandbox answers to loopback names only.")


def host_name(host: str) -> str:
    """Return a Host header without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def on_error(error: HTTPException) -> Response:
    """Stripe's envelope for the API, a plain sentence elsewhere; what failed inside is named in a private header."""
    status = error.code or 500
    cause = error.original_exception if isinstance(error, InternalServerError) else None
    bug = f"{type(cause).__name__}: {cause}"[:1000] if cause is not None else None
    message = f"The sandbox itself failed. {bug}" if bug else error.description or error.name
    if request.path.startswith("/v1"):
        response = as_envelope(message, status)
    else:
        response = Response(f"{status} {message}\n", status=status, mimetype="text/plain")
    if bug:
        print(f"sandbox: {bug}", file=sys.stderr)  # noqa: T201 -- a tool's own output
        response.headers["Sandbox-Bug"] = ascii(bug)
    return response
