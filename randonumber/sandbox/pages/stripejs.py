"""Stripe.js in its place: the script, and the frames it puts into a shop's page.

The script is made of the parts in `static/stripejs/host`, each a few functions, joined in this order into one classic
script. What a buyer types stays in the frames, which are of the sandbox's own origin and speak to its API themselves.
"""

import time
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request

from randonumber.sandbox.pages.layout import origin_of, sandbox
from randonumber.sandbox.scope import Sandbox, unit

pages = Blueprint("stripejs", __name__)
FOLDER = Path(__file__).parent.parent / "static" / "stripejs" / "host"
PARTS = (
    "errors.js",
    "arguments.js",
    "frames.js",
    "appearance.js",
    "element.js",
    "elements.js",
    "confirm.js",
    "stripe.js",
)
LOOPBACK = tuple(f"{scheme}://{name}:*" for scheme in ("http", "https") for name in ("127.0.0.1", "localhost"))
FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
)


@pages.get("/js/stripe.js")
def script() -> Response:
    """Return the script that sets `window.Stripe`; any page may load it, and asks again whether it has changed."""
    parts = "\n".join((FOLDER / name).read_text() for name in PARTS)
    response = Response(f'(function () {{\n"use strict";\n{parts}}})();\n', mimetype="text/javascript")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@pages.get("/js/elements/payment")
def payment() -> Response:
    """Return the fields of the Payment Element, which know the sandbox's date: cards expire by its clock."""
    with unit(sandbox()) as scope:
        today = time.gmtime(scope.now)
    return frame(render_template("stripejs/payment.html", year=today.tm_year, month=today.tm_mon))


@pages.get("/js/elements/controller")
def controller() -> Response:
    """Return the unseen frame through which the script speaks to the API without an element."""
    return frame(render_template("stripejs/controller.html"))


def frame(body: str) -> Response:
    """Return a page that this machine's shops may put into theirs."""
    response = Response(body, mimetype="text/html")
    response.headers["Content-Security-Policy"] = FRAME_POLICY + "frame-ancestors " + " ".join(shops(sandbox()))
    response.headers["Cache-Control"] = "no-cache"
    return response


def shops(found: Sandbox) -> list[str]:
    """Return the origins that may hold a frame: loopback, and wherever the app's webhooks go."""
    own = {origin_of(endpoint.url) for endpoint in found.endpoints if urlsplit(endpoint.url).hostname}
    return [*LOOPBACK, *sorted(own)]
