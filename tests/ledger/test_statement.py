"""A statement shows every movement of a user's accounts, newest first, with balances that follow from each other."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from randonumber import ledger
from randonumber.errors import InvalidRequest
from randonumber.ledger import Move
from randonumber.ledger.accounts import wallet, wallet_pending
from randonumber.ledger.queries import Only, statement
from tests.ledger.books import grant, new_user, pay_in

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.ledger.queries import StatementRow


def all_rows(session: Session, user_id: int, limit: int, currency: str | None = None) -> list[StatementRow]:
    rows: list[StatementRow] = []
    cursor = None
    while True:
        page = statement(session, user_id, before=cursor, limit=limit, only=Only(currency=currency))
        rows += page.rows
        cursor = page.next_cursor
        if cursor is None:
            return rows
        assert len(page.rows) == limit


@pytest.fixture
def history(session: Session, user_id: int) -> int:
    """A user with money that came, became available and went, and credits; and a stranger with other things."""
    stranger = new_user(session)
    pay_in(session, stranger, 999)
    pay_in(session, user_id, 500, account=wallet_pending(user_id))
    moves = [
        Move(source=wallet_pending(user_id), destination=wallet(user_id), amount=400),
        Move(source=wallet(user_id), destination="sales", amount=150),
    ]
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    ledger.post(session, kind="moved", ref="1", entries=moves, actor="test", user_id=user_id, event_at=noon)
    grant(session, user_id, 3)
    return user_id


def test_it_shows_both_sides_of_a_movement_between_own_accounts(session: Session, history: int) -> None:
    rows = [(row.account, row.amount, row.balance) for row in all_rows(session, history, 50, "usd")]
    assert rows == [
        ("wallet", -150, 250),
        ("wallet", 400, 400),
        ("wallet:pending", -400, 100),
        ("wallet:pending", 500, 500),
    ]


def test_a_row_says_what_it_was(session: Session, history: int) -> None:
    lot, spent, *_, first = all_rows(session, history, 50)
    assert (lot.kind, lot.what, lot.currency, lot.amount, lot.balance) == ("grant", "Credits granted", "credit", 3, 3)
    assert lot.account.startswith("lot_")
    assert (spent.kind, spent.ref, spent.at) == ("moved", "1", datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert (first.kind, first.what) == ("gift", "Gift"), "a kind without words of its own shows its name"


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
def test_pages_of_any_size_make_the_same_statement(session: Session, history: int, limit: int) -> None:
    assert all_rows(session, history, limit) == all_rows(session, history, 1000)


def test_rows_that_come_later_do_not_move_the_pages(session: Session, history: int) -> None:
    before = all_rows(session, history, 1000)
    page = statement(session, history, limit=2)
    grant(session, history, 9)
    assert statement(session, history, before=page.next_cursor).rows == before[2:]


def test_every_page_checks_itself(session: Session, history: int) -> None:
    later: dict[str, StatementRow] = {}
    for row in all_rows(session, history, 1000):
        if row.account in later:
            newer = later[row.account]
            assert newer.balance == row.balance + newer.amount
        later[row.account] = row
    assert all(row.balance == row.amount for row in later.values()), "the oldest of each begins at nothing"


def test_a_user_without_a_history_has_an_empty_page(session: Session, user_id: int) -> None:
    page = statement(session, user_id)
    assert (page.rows, page.next_cursor) == ([], None)


def encoded(name: str) -> str:
    return urlsafe_b64encode(name.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "!!!!",
        "\0",
        "a" * 5000,
        encoded("1:0:gift"),
        encoded("1:2:gift:1"),
        encoded("-1:0:gift:1"),
        encoded("1:0:gift:unknown"),
        encoded("1:0:gift:\0"),
        encoded("99999999999999999999:0:topup_available:1"),
        "____",
    ],
)
def test_a_broken_cursor_is_the_callers_mistake(session: Session, history: int, cursor: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        statement(session, history, before=cursor)
    assert raised.value.errors[0]["field"] == "cursor"


def test_somebody_elses_cursor_opens_nothing(session: Session, history: int) -> None:
    cursor = statement(session, history, limit=1).next_cursor
    with pytest.raises(InvalidRequest):
        statement(session, new_user(session), before=cursor)


def test_a_cursor_holds_no_row_id(session: Session, history: int) -> None:
    page = statement(session, history, limit=1)
    assert page.next_cursor == encoded(f"1:1:grant:{page.rows[0].ref}")
