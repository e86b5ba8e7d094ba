"""Paying out, as pages."""

from __future__ import annotations

__all__: list[str] = []
