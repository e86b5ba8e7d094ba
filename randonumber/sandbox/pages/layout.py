"""What all pages share: headers, the sandbox at hand, times in words."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Response, current_app, g, request

from randonumber.sandbox.addresses import web_address
from randonumber.sandbox.scope import Sandbox


def sandbox() -> Sandbox:
    """Return the sandbox of this request."""
    found: Sandbox = current_app.extensions["sandbox"]
    return found


def allow_redirects_to(*urls: str | None) -> None:
    """Let this page's form end at these addresses: a browser holds redirects after a POST against `form-action`."""
    g.form_targets = sorted({origin_of(url) for url in urls if url})


def origin_of(url: str) -> str:
    """Scheme, host and port, and nothing that could break out of a header."""
    if not web_address(url):
        return "'self'"
    parts = urlsplit(url)
    host = "".join(character for character in parts.netloc if character.isalnum() or character in ".-:[]")
    return f"{parts.scheme}://{host}"


def harden(response: Response) -> Response:
    """No script, no frame, no foreign content on any page of the sandbox."""
    targets = " ".join(["'self'", *g.get("form_targets", [])])
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action {targets}",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    # Not "no-referrer": it makes browsers send `Origin: null` with a form, which is refused as another site's.
    response.headers.setdefault("Referrer-Policy", "same-origin" if "/dashboard" in request.path else "origin")
    return response


def when(seconds: float | None) -> str:
    """`2026-11-21 07:31:33 UTC`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if seconds is not None else "never"
