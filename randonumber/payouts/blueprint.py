"""The blueprint of paying out."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("payouts", __name__)
