"""The blueprint of everything that has to do with buying."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("credits", __name__)
