"""The test client: each request in a context of its own, as on a server."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from flask.globals import _cv_app
from flask.testing import FlaskClient

if TYPE_CHECKING:
    from werkzeug.test import TestResponse


class Browser(FlaskClient):
    """A client whose requests do not share the `g` of the test's app context.

    Flask takes the context that is there; so inside one, whoever signed in with one client was signed in with all.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request."""

        def alone() -> TestResponse:
            _cv_app.set(None)  # type: ignore[arg-type]
            return super(Browser, self).open(*args, **kwargs)

        return copy_context().run(alone)
