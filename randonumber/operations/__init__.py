"""Running the product: everything at once (`up`), the web server alone (`serve`), its state (`doctor`), a `demo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the commands that need the app."""
    from randonumber.operations import demo, doctor  # `serve` and `up` do without them

    demo.init_app(app)
    doctor.init_app(app)
