"""`ledger check` and `ledger statement`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click
from flask.cli import AppGroup
from sqlalchemy import text

from randonumber.database import transaction
from randonumber.ledger import alarms, jobs
from randonumber.ledger.statement import COLUMNS, Only, StatementRow, cells, statement
from randonumber.money import format_credits, format_money
from randonumber.spreadsheets import csv_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from randonumber.ledger.checks import CheckResult

ledger_commands = AppGroup("ledger", help="Check the books, and read a user's.")
PAGE_SIZE: Final = 1000


def init_app(app: Flask) -> None:
    """Bind the commands; the jobs that check the books are declared with them."""
    app.cli.add_command(ledger_commands)
    app.extensions["ledger_jobs"] = (jobs.check_recent, jobs.check_all)


@ledger_commands.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check_command(*, as_json: bool) -> None:
    """Run every invariant; exit 1 when one does not hold. Withdrawals are barred until all of the books do."""
    with transaction() as session:
        results = alarms.look(session)
    if as_json:
        holds = all(result.holds for result in results)
        click.echo(json.dumps({"holds": holds, "checks": [asdict(result) for result in results]}))
    else:
        click.echo("\n".join(line for result in results for line in _lines(result)))
    if not all(result.holds for result in results):
        raise SystemExit(1)


@ledger_commands.command("statement")
@click.argument("user")
@click.option("--currency", type=click.Choice(["usd", "credit"]), help="Movements of this currency alone.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, amounts in minor units.")
def statement_command(user: str, currency: str | None, *, as_csv: bool) -> None:
    """Print every movement of USER (address or usr_ ref), newest first."""
    with transaction() as session:
        user_id = session.execute(
            text("SELECT id FROM users WHERE ref = :user OR lower(email) = lower(:user)"), {"user": user}
        ).scalar()
    if user_id is None:
        message = f"There is no user {user}."
        raise click.ClickException(message)
    if as_csv:
        click.echo(csv_line(COLUMNS))
    for row in _rows(user_id, currency):
        click.echo(csv_line(cells(row)) if as_csv else _words(row))


def _lines(result: CheckResult) -> Iterator[str]:
    yield f"{result.id} {'ok' if result.holds else 'BROKEN':<6} {result.count:>6}  {result.title}"
    for sample in result.samples:
        yield f"    {json.dumps(sample, default=str)}"


def _rows(user_id: int, currency: str | None) -> Iterator[StatementRow]:
    """Yield every row, one short transaction a page."""
    cursor = None
    while True:
        with transaction() as session:
            page = statement(session, user_id, only=Only(currency=currency), before=cursor, limit=PAGE_SIZE)
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def _words(row: StatementRow) -> str:
    amount, balance = (_amount(figure, row.currency) for figure in (row.amount, row.balance))
    at = row.at.isoformat(timespec="seconds")
    return f"{at}  {amount:>12}  {balance:>12}  {row.what:<20}  {row.account:<30}  {row.ref}"


def _amount(figure: int, currency: str) -> str:
    return format_money(figure, currency) if currency != "credit" else f"{format_credits(figure)} cr"
