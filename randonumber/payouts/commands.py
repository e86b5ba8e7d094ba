"""`withdrawals …`: what an operator does with withdrawals that do not end by themselves."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

import click
from flask.cli import AppGroup

from randonumber.calls import Outcome
from randonumber.database import transaction
from randonumber.errors import AppError
from randonumber.money import format_money
from randonumber.payouts import queue_queries
from randonumber.payouts.service.withdrawals import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from randonumber.payouts.queue_queries import Queued

T = TypeVar("T")

withdrawals = AppGroup("withdrawals", help="Withdrawals by hand: queue, show, retry, release, settle.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(withdrawals)


@withdrawals.command("queue")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
def queue_command(*, as_json: bool) -> None:
    """Print every withdrawal that has not ended, oldest first."""
    with transaction() as session:
        found = queue_queries.queue(session)
    for one in found:
        click.echo(json.dumps(asdict(one), default=str) if as_json else _line(one))
    if not found and not as_json:
        click.echo("No withdrawal waits.")


@withdrawals.command("show")
@click.argument("ref")
def show_command(ref: str) -> None:
    """Print a withdrawal, what the journal says of it, and every transfer of it at Stripe."""
    with transaction() as session:
        found = queue_queries.find(session, ref)
    if found is None:
        message = f"There is no withdrawal {ref}."
        raise click.ClickException(message)
    for name, fact in asdict(found).items():
        click.echo(f"{name}: {fact}")
    try:
        seen = by_hand.look(ref)
    except AppError as error:
        click.echo(f"at Stripe: {error.detail}", err=True)
        return
    for transfer in seen.transfers:
        facts = f"{format_money(transfer.amount)} to {transfer.destination}, ref {transfer.metadata.get('ref')}"
        click.echo(f"at Stripe: {transfer.id} {facts}")
    if not seen.transfers:
        click.echo("at Stripe: no transfer")


@withdrawals.command("retry")
@click.argument("ref")
def retry_command(ref: str) -> None:
    """Try the transfer of a withdrawal again now."""
    outcome = _doing(lambda: by_hand.retry(ref))
    words = {
        Outcome.OK: "paid",
        Outcome.REFUSED: "refused, and given back",
        Outcome.UNKNOWN: "not known yet; it goes on",
    }
    click.echo(f"{ref}: {words[outcome]}")


@withdrawals.command("release")
@click.argument("ref")
@click.option("--reason", required=True, help="Why; the user reads it, and it stands in the ledger for good.")
def release_command(ref: str, reason: str) -> None:
    """Give a withdrawal back to the wallet; refused while Stripe has, or may get, a transfer of it."""
    _doing(lambda: by_hand.release(ref, reason=reason, actor=_operator()))
    click.echo(f"{ref}: released")


@withdrawals.command("settle")
@click.argument("ref")
@click.option("--reason", required=True, help="Why; the user reads it, and it stands in the ledger for good.")
def settle_command(ref: str, reason: str) -> None:
    """Book a withdrawal as paid; refused unless Stripe has exactly the one transfer of it."""
    _doing(lambda: by_hand.settle(ref, reason=reason, actor=_operator()))
    click.echo(f"{ref}: settled")


def _doing(act: Callable[[], T]) -> T:
    try:
        return act()
    except AppError as refusal:
        raise click.ClickException(refusal.detail) from refusal


def _line(one: Queued) -> str:
    amount, minutes = format_money(one.amount_minor, one.currency), int(one.age.total_seconds()) // 60
    tries = f"attempt {one.attempts}, {one.sends} sent, next {one.next_try_at or 'never by itself'}"
    trouble = "; ".join(filter(None, (one.last_error, one.alarm)))
    return f"{one.ref}  {one.where:<17}  {amount:>12}  {minutes:>6} min  {one.email}  {tries}  {trouble}".rstrip()


def _operator() -> str:
    """Return who is at the keyboard, for the ledger."""
    try:
        return f"operator:{getpass.getuser()}"
    except (KeyError, OSError):  # a user without a name, as in some containers
        return "operator:unknown"
