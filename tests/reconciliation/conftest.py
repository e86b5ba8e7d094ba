"""A shop that claims charges, in place of the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import reconciliation
from randonumber.database import db
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


@pytest.fixture
def installed_later(committed: Flask) -> Iterator[None]:
    """Let the installation be two seconds in the future, so that what happens now is history."""
    with db.engine.begin() as connection:
        before = connection.execute(text("SELECT created_at FROM installation")).scalar_one()
        connection.execute(text("UPDATE installation SET created_at = now() + interval '2 seconds'"))
    yield
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE installation SET created_at = :before"), {"before": before})
