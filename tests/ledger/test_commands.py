"""`ledger check` and `ledger statement` on the command line, and the jobs that check by the clock."""

from __future__ import annotations

import csv
import io
import json
import logging
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber.database import db, transaction
from randonumber.ledger import jobs
from randonumber.ledger.commands import ledger_commands
from randonumber.spreadsheets import csv_line
from tests.ledger.books import grant, new_user, pay_in

if TYPE_CHECKING:
    from click.testing import Result
    from flask import Flask


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(ledger_commands, arguments)


@pytest.fixture
def user(committed: Flask) -> dict[str, str]:
    """A committed user with a wallet and credits."""
    with transaction() as session:
        user_id = new_user(session)
        pay_in(session, user_id, 500)
        grant(session, user_id, 3)
        row = session.execute(text("SELECT ref, email FROM users WHERE id = :id"), {"id": user_id}).one()
    return {"ref": row.ref, "email": row.email}


def plant() -> None:
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE accounts SET balance = balance + 1 WHERE kind = 'wallet'"))


def test_right_books_are_told_line_by_line(committed: Flask, user: dict[str, str]) -> None:
    result = run(committed, "check")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line[:3] for line in lines][:5] == ["A01", "A02", "A03", "A04", "A05"]
    assert {"A13", "A14", "L05"} <= {line[:3] for line in lines}
    assert all(line.split()[1:3] == ["ok", "0"] for line in lines)


@pytest.mark.broken_books
def test_broken_books_exit_1_and_show_where(committed: Flask, user: dict[str, str]) -> None:
    plant()
    result = run(committed, "check")
    assert result.exit_code == 1
    assert "A01 BROKEN      1" in result.output
    assert ":wallet" in result.output


@pytest.mark.broken_books
def test_a_check_prints_json(committed: Flask, user: dict[str, str]) -> None:
    assert json.loads(run(committed, "check", "--json").output)["holds"] is True
    plant()
    result = run(committed, "check", "--json")
    assert result.exit_code == 1
    report = json.loads(result.output)
    assert report["holds"] is False
    (first,) = [check for check in report["checks"] if check["id"] == "A01"]
    assert (first["count"], first["samples"][0]["stands"]) == (1, 501)


@pytest.mark.parametrize("name", ["ref", "email"])
def test_a_statement_is_found_by_address_or_ref(committed: Flask, user: dict[str, str], name: str) -> None:
    result = run(committed, "statement", user[name])
    assert result.exit_code == 0
    newest, oldest = result.output.splitlines()
    assert "3 cr" in newest
    assert "$5.00" in oldest
    assert "wallet" in oldest


def test_an_address_is_found_however_it_is_typed(committed: Flask, user: dict[str, str]) -> None:
    assert run(committed, "statement", user["email"].upper()).exit_code == 0


def test_a_statement_of_nobody_is_an_error(committed: Flask) -> None:
    result = run(committed, "statement", "nobody@example.com")
    assert result.exit_code == 1
    assert "no user" in result.output


def test_a_statement_of_one_currency_as_csv(committed: Flask, user: dict[str, str]) -> None:
    result = run(committed, "statement", user["ref"], "--currency", "usd", "--csv")
    head, row = csv.reader(result.output.splitlines())
    assert head == ["at", "kind", "ref", "what", "amount", "currency", "account", "balance"]
    assert row[3:] == ["Gift", "500", "usd", "wallet", "500"]


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\tx", "\rx", "\nx", "-", "+5"])
def test_a_cell_is_never_a_formula(cell: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_line((cell, "-5", "plain")), newline=""), strict=True)
    assert row[0] == f"'{cell}"
    assert row[1] == "-5", "a negative amount stays a number"


@pytest.mark.broken_books
def test_the_jobs_raise_an_alarm(committed: Flask, user: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        jobs.recent()
        jobs.everything()
        assert caplog.records == []
        plant()
        jobs.recent()
        jobs.everything()
    alarms = [(record.message, record.__dict__["check"]) for record in caplog.records]
    assert alarms == [("invariant_broken", "A01"), ("invariant_broken", "A03")], "once, when it begins"
