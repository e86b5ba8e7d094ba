"""Every operation of the sandbox through the official SDK, a module for each part of it.

A module has `OPERATIONS`: the SDK's call for each operation, on objects made for it; and `ADDRESSES`: the ids to put
into the address templates, for tests that go over the wire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sandbox.driven import basics, cards, connect, refunds, transfers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.driven.drive import Drive

MODULES = (basics, cards, connect, refunds, transfers)
OPERATIONS: dict[str, Callable[[Drive], Any]] = {
    name: call for module in MODULES for name, call in module.OPERATIONS.items()
}
ADDRESSES: dict[str, Callable[[Drive], dict[str, str]]] = {
    template: ids for module in MODULES for template, ids in module.ADDRESSES.items()
}
