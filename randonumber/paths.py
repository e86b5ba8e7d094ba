"""Where a sign-in may lead: to a page of our own, and nowhere else."""

from __future__ import annotations

import re
from typing import Final

from flask import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

HOME: Final = "/"
_SHAPE: Final = re.compile(r"/(?:[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*/?)?(?:\?[A-Za-z0-9._~%&=-]*)?", re.ASCII)
_LONGEST: Final = 500


def own(text: str | None) -> str:
    r"""Return `text` if it is the path of one of our pages, as plain as our paths are; the home page otherwise.

    What a browser might read as another host (`//e`, `/\e`, a tab in between) has no place in the shape, and
    what has the shape must be a page that can be asked for.
    """
    if not text or len(text) > _LONGEST or not _SHAPE.fullmatch(text):
        return HOME
    adapter = current_app.url_map.bind("localhost")
    try:
        adapter.match(text.partition("?")[0], method="GET")
    except (HTTPException, RequestRedirect):
        return HOME
    return text
