"""The operations of the features stand again after each test that put its own in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture(autouse=True)
def operations_of_the_features(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "stripe_operations", dict(app.extensions["stripe_operations"]))
