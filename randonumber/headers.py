"""What every answer carries: a request id and the headers that keep a page to itself.

They are put on at the WSGI boundary, from lists made once: an answer that no view saw (a bad Host, a broken
request) carries them too, and it costs a few microseconds. A header that the app has set itself is left alone.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from randonumber import logs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

    from randonumber.config import Config

BANK_QUESTIONS: Final = "https://hooks.stripe.com"
"""Where Stripe lets a bank ask whether it is the owner who pays with a card."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def content_security_policy(
    config: Config, *, scripts: Iterable[str] = (), frames: Iterable[str] = (), connects: Iterable[str] = ()
) -> str:
    """Return the policy of a page: its own files and nothing else.

    A form may lead to Stripe's hosted pages, those of Connect among them, and to where a bank asks its question, since
    Chromium asks `form-action` about the redirect after a POST. A page that needs more names the origins of its
    `scripts`, its `frames` and what its scripts connect to, and sets the header itself.
    """
    hosted = dict.fromkeys([config.stripe_checkout_origin, config.stripe_connect_origin])
    allowed = {
        "default-src": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "form-action": ["'self'", *hosted, *([] if config.uses_sandbox else [BANK_QUESTIONS])],
        "script-src": ["'self'", *scripts],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", *connects],
        "font-src": ["'self'"],
        "manifest-src": ["'self'"],
        "frame-src": [*frames] or ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in allowed.items())


def stripe_js_policy(config: Config) -> str:
    """Return the policy of a page with Stripe.js, which puts its fields into frames of its own.

    At Stripe: https://docs.stripe.com/security/guide?csp=csp-js (the frames begin under varying names, and `hooks` is
    where banks ask their questions). The sandbox needs its one origin.
    """
    script = urlsplit(config.stripe_js_url)
    origin = f"{script.scheme}://{script.netloc}"
    if config.uses_sandbox:
        return content_security_policy(config, scripts=[origin], frames=[origin], connects=[origin])
    scripts = [origin, f"{script.scheme}://*.{script.netloc}"]
    frames = [*scripts, BANK_QUESTIONS]
    return content_security_policy(config, scripts=scripts, frames=frames, connects=["https://api.stripe.com"])


def standing_headers(config: Config) -> list[tuple[str, str]]:
    """Return the headers of every answer.

    `no-store` keeps what one person sees out of every cache; files with their hash in the address say otherwise.
    Flask-WTF compares the Referer of a form over https, so `same-origin` is the strictest policy that works.
    """
    headers = [
        ("Content-Security-Policy", content_security_policy(config)),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), usb=()"),
        ("Cache-Control", "no-store"),
        ("Vary", "Cookie"),
        ("Server", "randonumber"),
    ]
    if config.is_https:
        headers.append(("Strict-Transport-Security", "max-age=63072000"))
    return headers


def init_app(app: Flask) -> None:
    """Put the headers and the request id on every answer of the app."""
    app.wsgi_app = wrap(app.wsgi_app, standing_headers(app.extensions["config"]))  # type: ignore[assignment,method-assign]


def wrap(inner: WSGIApplication, standing: list[tuple[str, str]]) -> WSGIApplication:
    """Return the WSGI app with a request id for each request and `standing` headers on each answer."""
    by_name = {name.lower(): (name, value) for name, value in standing}
    names = frozenset(by_name)

    def wsgi_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request_id = _request_id(environ)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            own = {name.lower() for name, _ in headers}
            if own.isdisjoint(names):
                headers += standing
            else:
                headers += [item for name, item in by_name.items() if name not in own]
            headers.append(("X-Request-Id", request_id))
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return inner(environ, start)

    return wsgi_app


def _request_id(environ: WSGIEnvironment) -> str:
    """Return the caller's own id for the request where it is one, or a new one; the log lines carry it."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    request_id = given if given and _REQUEST_ID.fullmatch(given) else os.urandom(8).hex()
    logs.request_id.set(request_id)
    return request_id
