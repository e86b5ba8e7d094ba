"""`credits …`: giving and taking back credits and money by hand, as postings with an actor and a reason."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any, Final

import click
from flask.cli import AppGroup
from sqlalchemy import text

from randonumber.credits import service
from randonumber.credits.models import RefundStatus
from randonumber.credits.service import refunds
from randonumber.database import transaction
from randonumber.errors import AppError
from randonumber.ledger import queries
from randonumber.money import NotAnAmount, format_money, parse_amount

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

credits_ = AppGroup("credits", help="Credits by hand: grant, revoke, refund.")
_USER: Final = text("SELECT id, email FROM users WHERE email = lower(:given) OR ref = :given")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(credits_)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the arguments that both have."""
    for decorate in (
        click.option("--dry-run", is_flag=True, help="Try it, say what would be, and change nothing."),
        click.option("--reason", required=True, help="Why: it stands in the ledger for good."),
        click.argument("number", type=click.IntRange(1, 1_000_000)),
        click.argument("user"),
    ):
        command = decorate(command)
    return command


@credits_.command("grant")
@options
def grant(user: str, number: int, reason: str, *, dry_run: bool) -> None:
    """Give USER (an address or usr_…) NUMBER credits."""

    def act(session: Session, user_id: int) -> None:
        service.grant(session, user_id=user_id, credits_=number, reason=reason, actor=_operator())

    _change(user, act, f"{number} granted", dry_run=dry_run)


@credits_.command("revoke")
@options
def revoke(user: str, number: int, reason: str, *, dry_run: bool) -> None:
    """Take NUMBER unspent credits of USER (an address or usr_…) back."""

    def act(session: Session, user_id: int) -> None:
        service.revoke(session, user_id=user_id, credits_=number, reason=reason, actor=_operator())

    _change(user, act, f"{number} revoked", dry_run=dry_run)


@credits_.command("refund")
@click.argument("purchase")
@click.option("--amount", help="So much of it, such as 5.00; all that is left of it without.")
@click.option("--reason", required=True, help="Why: it stands in the ledger for good.")
@click.option("--dry-run", is_flag=True, help="Try it, say what would be, and change nothing.")
def refund(purchase: str, amount: str | None, reason: str, *, dry_run: bool) -> None:
    """Give PURCHASE (pur_…) back in money, and take the credits that go with it; what is spent of them is owed."""
    try:
        asked = refunds.refund_for_operator(
            purchase,
            parse_amount(amount) if amount is not None else None,
            reason=reason,
            actor=_operator(),
            is_dry_run=dry_run,
        )
    except AppError as refusal:
        raise click.ClickException(refusal.detail) from refusal
    except NotAnAmount as wrong:
        raise click.BadParameter(str(wrong), param_hint="--amount") from wrong
    if asked.status == RefundStatus.REFUSED:
        message = f"Stripe refused it ({asked.failure}); nothing was changed."
        raise click.ClickException(message)
    status = "dry run: nothing was changed" if dry_run else f"{asked.ref} is {asked.status}"
    click.echo(f"{purchase}: {format_money(asked.amount_minor)} back, {asked.credits} credits taken; {status}")


def _change(user: str, act: Callable[[Session, int], None], what: str, *, dry_run: bool) -> None:
    try:
        with transaction() as session:
            click.echo(_act(session, user, act, what))
            if dry_run:
                session.rollback()
                click.echo("dry run: nothing was changed")
    except AppError as refusal:
        raise click.ClickException(refusal.detail) from refusal


def _act(session: Session, user: str, act: Callable[[Session, int], None], what: str) -> str:
    found = session.execute(_USER, {"given": user}).one_or_none()
    if found is None:
        message = f"There is no user {user}."
        raise click.ClickException(message)
    before = queries.credits_left(session, found.id)
    act(session, found.id)
    after = queries.credits_left(session, found.id)
    return f"{found.email}: {what}, {before} credits before, {after} after"


def _operator() -> str:
    """Return who is at the keyboard, for the ledger."""
    try:
        return f"operator:{getpass.getuser()}"
    except (KeyError, OSError):  # a user without a name, as in some containers
        return "operator:unknown"
