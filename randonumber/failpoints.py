"""Places where a test may kill, raise or wait. Without the arming of a test they do nothing."""

from __future__ import annotations


def failpoint(name: str) -> None:
    """Do what `FAILPOINTS` arms for this place: nothing outside tests."""
