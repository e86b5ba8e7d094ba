"""The wallet's page shows what is there and every movement of it, to its owner alone."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from randonumber import ledger
from randonumber.database import transaction
from randonumber.ledger import Move
from randonumber.ledger.accounts import WITHDRAWALS_IN_TRANSIT, money_debt, wallet, wallet_pending
from randonumber.ledger.models import Wallet
from tests.people import make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.people import Person

pytestmark = pytest.mark.broken_books  # movements alone, without the top-ups and withdrawals that cause them


@pytest.fixture
def owner(committed: Flask) -> Person:
    """Somebody whose money came, became available, and is partly spent and partly being withdrawn."""
    person = make_user()
    available, pending = wallet(person.id), wallet_pending(person.id)
    moves = [
        ("topup", "top_1", 1, Move(source="opening", destination=pending, amount=5000)),
        ("topup_available", "top_1", 2, Move(source=pending, destination=available, amount=4000)),
        ("purchase", "=SUM(1)", 3, Move(source=available, destination="sales", amount=900)),
        ("withdrawal_hold", "wd_1", 4, Move(source=available, destination=WITHDRAWALS_IN_TRANSIT, amount=2000)),
    ]
    with transaction() as session:
        for kind, ref, day, move in moves:
            at = datetime(2026, 3, day, 12, tzinfo=UTC)
            ledger.post(session, kind=kind, ref=ref, entries=[move], actor="test", user_id=person.id, event_at=at)
    return person


@pytest.fixture
def visitor(client: FlaskClient, owner: Person) -> FlaskClient:
    sign_in(client, owner)
    return client


def refs(page: str) -> set[str]:
    return {ref for ref in ("top_1", "=SUM(1)", "wd_1") if ref in page}


def test_it_shows_what_is_there_and_what_moved(visitor: FlaskClient) -> None:
    page = visitor.get("/wallet").text
    assert [figure in page for figure in ("$11.00", "$10.00", "$20.00")] == [True, True, True]
    assert refs(page) == {"top_1", "=SUM(1)", "wd_1"}


def test_the_kinds_and_days_that_were_asked_for_are_shown_alone(visitor: FlaskClient) -> None:
    assert refs(visitor.get("/wallet?kind=topups").text) == {"top_1"}
    assert refs(visitor.get("/wallet?since=2026-03-04").text) == {"wd_1"}
    assert refs(visitor.get("/wallet?until=2026-03-02").text) == {"top_1"}
    assert refs(visitor.get("/wallet?since=2026-03-03&until=2026-03-03").text) == {"=SUM(1)"}


@pytest.mark.parametrize("query", ["kind=everything", "since=tomorrow", "until=2026-02-30", "since=9999-99-99"])
def test_a_filter_that_cannot_be_read_is_said_beside_it(visitor: FlaskClient, query: str) -> None:
    answer = visitor.get(f"/wallet?{query}")
    assert (answer.status_code, "field-error" in answer.text) == (422, True)
    assert visitor.get(f"/wallet/statement.csv?{query}").status_code == 400


def test_days_at_the_ends_of_the_calendar_are_days(visitor: FlaskClient) -> None:
    assert visitor.get("/wallet?since=0001-01-01&until=9999-12-31").status_code == 200
    assert visitor.get("/wallet?before=nonsense").status_code == 400


def test_the_statement_comes_as_csv_that_runs_no_formula(visitor: FlaskClient) -> None:
    answer = visitor.get("/wallet/statement.csv?kind=purchases")
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert (row["ref"], row["amount"], row["balance"]) == ("'=SUM(1)", "-900", "3100")


def test_the_csv_has_every_page_of_it(visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("randonumber.wallet.views.page.LINES_AT_ONCE", 2)
    rows = list(csv.DictReader(io.StringIO(visitor.get("/wallet/statement.csv").text)))
    assert len(rows) == 5


def test_what_is_owed_is_said_with_how_to_repay_it(visitor: FlaskClient, owner: Person) -> None:
    with transaction() as session:
        owed = Move(source=money_debt(owner.id), destination="stripe:balance", amount=700)
        ledger.post(session, kind="taken_back", ref="dp_1", entries=[owed], actor="test", user_id=owner.id)
    page = visitor.get("/wallet").text
    assert "you owe $7.00" in page


def test_a_stranger_sees_nothing_of_it(client: FlaskClient, owner: Person) -> None:
    assert client.get("/wallet").status_code == 303
    assert client.get("/wallet/statement.csv").status_code == 303
    sign_in(client, make_user())
    assert refs(client.get("/wallet").text) == set()
    assert owner.ref not in client.get("/wallet/statement.csv").text


def test_the_shell_knows_a_wallet_by_its_model(owner: Person) -> None:
    with transaction() as session:
        own = session.query(Wallet).filter_by(user_id=owner.id).one()
        assert own.balance == 1100
        assert [account.balance for account in own.accounts] == [1100, 1000, 0]
        assert [posting.kind for posting in own.transactions][:2] == ["withdrawal_hold", "purchase"]


def test_a_field_for_days_is_given_days_alone(visitor: FlaskClient) -> None:
    page = visitor.get("/wallet?since=2026-13-01")
    assert (page.status_code, "2026-13-01" in page.text, "Write a day such as" in page.text) == (422, False, True)
