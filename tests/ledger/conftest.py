"""A user with accounts, for tests that never commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.books import new_user

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@pytest.fixture
def user_id(session: Session) -> int:
    """A user with accounts."""
    return new_user(session)
