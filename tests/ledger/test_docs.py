"""What `docs/ledger.md` shows is true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import ledger
from randonumber.config import ROOT
from randonumber.database import transaction
from randonumber.ledger import Move, queries
from randonumber.ledger.invariants import LEDGER_CHECKS
from randonumber.reconciliation.invariants import MIRROR_CHECKS

if TYPE_CHECKING:
    from flask import Flask

PAGE = (ROOT / "docs" / "ledger.md").read_text()


def test_the_example_of_a_correction_runs(committed: Flask) -> None:
    with transaction() as session:
        sale = Move(source="stripe:balance", destination="sales", amount=900)
        ledger.post(session, kind="purchase", ref="pur_…", entries=[sale], actor="test")
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(example, {})  # noqa: S102 - the page's own words
    with transaction() as session:
        assert queries.balance(session, "sales") == 0
        assert queries.balance(session, "unmatched") == 900


def test_every_house_account_is_explained(committed: Flask) -> None:
    with transaction() as session:
        codes = set(queries.balances_of_house(session))
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()


@pytest.mark.parametrize("check", [*LEDGER_CHECKS, *MIRROR_CHECKS], ids=lambda check: check.id)
def test_every_invariant_is_explained(check: object) -> None:
    assert f"| {check.id} |" in PAGE  # type: ignore[attr-defined]


def test_every_refusal_that_is_named_has_its_trigger(committed: Flask) -> None:
    with transaction() as session:
        names = set(session.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")).scalars())
    assert {"accounts_change_by_entries_only", "entries_append_only", "transactions_append_only"} <= names
