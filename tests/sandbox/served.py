"""An app on a port of its own, for who speaks HTTP: browsers and the examples of the docs."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from randonumber.sandbox.server import listen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an app on a free port; give its address."""
    server = listen(app, 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
