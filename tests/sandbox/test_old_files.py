"""A file that the first version of the sandbox wrote opens, and goes on where it was.

`files/first_version.sql` is a dump of one: a customer made under a key, a payment whose funds and webhooks are
pending, an open Checkout Session and a planned fault.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import create_sandbox, inprocess
from tests.sandbox.conftest import ENDPOINTS, make_sdk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

DUMP = Path(__file__).parent / "files" / "first_version.sql"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    found = tmp_path / "sandbox.sqlite3"
    database = sqlite3.connect(found)
    database.executescript(DUMP.read_text())
    database.close()
    return found


@pytest.fixture
def reopened(old: Path) -> Iterator[Flask]:
    app = create_sandbox(database=old, strict=True, endpoints=ENDPOINTS)
    yield app
    inprocess.sandbox_of(app).store.close()


def minor(balance: Any, status: str) -> int:
    return int(balance[status][0].amount)


def test_its_balance_is_the_sum_of_its_transactions_and_becomes_available(reopened: Flask) -> None:
    sdk = make_sdk(reopened)
    before = sdk.v1.balance.retrieve()
    assert minor(before, "pending") + minor(before, "available") == 844
    inprocess.advance(reopened, 3 * 86400)
    after = sdk.v1.balance.retrieve()
    assert (minor(after, "pending"), minor(after, "available")) == (0, 844)


def test_its_objects_are_listed_filtered_paid_and_delivered(reopened: Flask) -> None:
    sdk = make_sdk(reopened)
    customer = sdk.v1.customers.list({"email": "old@example.com"}).data[0]
    charge = sdk.v1.charges.list({"customer": customer.id}).data[0]
    assert sdk.v1.charges.retrieve(charge.id, {"expand": ["balance_transaction"]}).paid
    (bought,) = sdk.v1.checkout.sessions.list({"status": "complete"}).data
    assert bought.amount_total == 900
    sent = inprocess.deliveries(reopened)
    assert len(sent) >= 5
    assert {one.url for one in sent} == {ENDPOINTS[0].url}


def test_its_keys_and_faults_are_kept(reopened: Flask) -> None:
    sdk = make_sdk(reopened)
    with pytest.raises(stripe.APIConnectionError):
        sdk.v1.customers.create({})
    assert sdk.v1.customers.create({}).id


def test_it_can_do_what_is_new_and_be_opened_again(old: Path) -> None:
    for _ in range(2):
        app = create_sandbox(database=old, strict=True, endpoints=ENDPOINTS)
        inprocess.clear_faults(app)
        sdk = make_sdk(app)
        sdk.v1.accounts.create({"type": "express"})
        inprocess.advance(app, 3 * 86400)
        assert minor(sdk.v1.balance.retrieve(), "available") == 844, "the sums are not taken twice"
        inprocess.sandbox_of(app).store.close()
    assert len(make_sdk(create_sandbox(database=old)).v1.accounts.list().data) == 2


def test_reset_empties_every_table(reopened: Flask) -> None:
    sdk = make_sdk(reopened)
    inprocess.clear_faults(reopened)
    sdk.v1.accounts.create({"type": "express"}, {"idempotency_key": "k"})
    inprocess.reset(reopened)
    store = inprocess.sandbox_of(reopened).store
    with store.transaction():
        tables = [row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        left = {name: store.rows(f"SELECT count(*) AS n FROM {name}")[0]["n"] for name in tables}  # noqa: S608
    left.pop("sqlite_sequence")
    assert set(left.values()) == {0}, left
    assert len(left) >= 10
