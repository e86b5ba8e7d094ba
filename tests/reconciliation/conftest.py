"""A shop that claims charges, in place of the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber import reconciliation
from tests.reconciliation.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.stripe_fixtures import StripeSandbox


@pytest.fixture
def shop(committed: Flask, sandbox: StripeSandbox) -> Iterator[Shop]:
    """A shop whose claim on charges stands for the length of the test."""
    before = committed.extensions.pop("balance_claims", {})
    shop = Shop(sandbox=sandbox)
    reconciliation.register_claim(committed, "ch_", shop)
    yield shop
    committed.extensions["balance_claims"] = before
