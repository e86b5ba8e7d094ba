"""Transfers, reversals and payouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.driven.drive import Drive

OPERATIONS: dict[str, Callable[[Drive], Any]] = {}
ADDRESSES: dict[str, Callable[[Drive], dict[str, str]]] = {}
