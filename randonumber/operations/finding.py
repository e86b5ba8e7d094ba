"""What the doctor found: one line each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line: what was looked at, whether it is well, and what was seen."""

    name: str
    is_well: bool
    detail: str
