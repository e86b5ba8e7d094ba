"""The product: random numbers, drawn and paid for in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.ledger.checks import register
from randonumber.numbers.checks import CHECKS

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:  # noqa: ARG001 - every feature is bound by a call of this form
    """Bind the checks of draws."""
    register(*CHECKS)
