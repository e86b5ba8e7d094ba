"""Pages with Stripe.js: the one kind of page that may load something from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, make_response

from randonumber import headers

if TYPE_CHECKING:
    from flask import Response


def page_with_stripe_js(html: str, status: int = 200) -> Response:
    """Return a page under a policy that lets Stripe's script, its frames and its connections in."""
    response = make_response(html, status)
    response.headers["Content-Security-Policy"] = headers.stripe_js_policy(current_app.extensions["config"])
    return response
