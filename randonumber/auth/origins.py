"""Where a request comes from: the Host it names, the site of the page that sent it, the proxies in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import request
from werkzeug.middleware.proxy_fix import ProxyFix

from randonumber.auth import browser
from randonumber.errors import Forbidden

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.config import Config

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
_LOCAL: Final = ["localhost", "127.0.0.1", "[::1]"]


def init_app(app: Flask) -> None:
    """Refuse any Host but our own, and any change that a page of another site asks for."""
    config: Config = app.extensions["config"]
    app.config["TRUSTED_HOSTS"] = trusted_hosts(config)
    app.before_request(_refuse_other_sites)
    if hops := config.proxy_hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=0, x_prefix=0
        )


def trusted_hosts(config: Config) -> list[str]:
    """Return the names under which people reach the app; on one's own machine, each of its names."""
    host = urlsplit(config.base_url).hostname or ""
    return [*_LOCAL, host] if config.is_local else [host]


def _refuse_other_sites() -> None:
    """Refuse a form from another site: browsers say so since 2023, also where no token would be missing.

    Stripe is no browser and says nothing; a call with a key carries no cookie that could be abused.
    """
    if request.method in _SAFE or request.headers.get("Sec-Fetch-Site") != "cross-site":
        return
    if not browser.has_key(request):
        message = "This was sent by a page of another site."
        raise Forbidden(message)
