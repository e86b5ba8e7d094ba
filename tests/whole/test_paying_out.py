"""The whole way of money as a person goes it: connected, topped up, withdrawn, in each of the three ways."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.whole.checkout import Checkout
from tests.whole.earner import WAYS, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path_factory.mktemp("a checkout"))
    checkout.up()
    yield checkout
    assert checkout.down() == 0


@pytest.mark.parametrize("way", WAYS)
def test_money_goes_the_whole_way_to_a_connected_account(running: Checkout, way: str) -> None:
    walk(running.base_url, running.sandbox_url, way)
    running.manage("ledger", "check")
    report = json.loads(running.manage("stripe", "reconcile", "--json").stdout)
    assert (report["difference"], report["unmatched"]) == (0, 0)
