"""The wallet's blueprint."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("wallet", __name__)
