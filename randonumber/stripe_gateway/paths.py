"""Paths of Stripe's API."""

from __future__ import annotations

from urllib.parse import quote


def segment(given: str) -> str:
    """Return an id as one segment of a path: what came from outside must not lead to another object."""
    return quote(given, safe="")
