"""`stripe reconcile`, `stripe sync`, `stripe resolve`."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click
from flask import current_app
from flask.cli import AppGroup

from randonumber import sweeps
from randonumber.money import format_money
from randonumber.reconciliation import resolving, service, showing
from randonumber.reconciliation.contact import UnsteadyBook
from randonumber.stripe_gateway import StripeNotFound, StripeRefused, StripeUnavailable

if TYPE_CHECKING:
    from flask import Flask

    from randonumber.reconciliation.service import Report

KINDS: Final = (*sorted(resolving.KINDS), resolving.WALLET)

stripe_commands = AppGroup("stripe", help="Compare the books with Stripe's, and catch up with it.")


def init_app(app: Flask) -> None:
    """Bind the commands."""
    app.cli.add_command(stripe_commands)


@stripe_commands.command("reconcile")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reconcile_command(*, as_json: bool) -> None:
    """Compare mirror, ledger and Stripe's balance; exit 1 unless they agree to the cent."""
    try:
        report = service.reconcile()
    except (StripeUnavailable, StripeRefused) as error:
        message = f"Stripe does not answer: {error}"
        raise click.ClickException(message) from error
    except UnsteadyBook as error:
        message = "Stripe's book moved under every reading; try again."
        raise click.ClickException(message) from error
    click.echo(json.dumps(_as_dict(report)) if as_json else _in_words(report))
    if not report.agrees:
        raise SystemExit(1)


@stripe_commands.command("sync")
def sync_command() -> None:
    """Ask Stripe for what was missed: events, balance transactions, what is stale."""
    failed = False
    for name, sweep in sweeps.registered(current_app):
        try:
            click.echo(f"{name}: {sweep()}")
        except (StripeUnavailable, StripeRefused, UnsteadyBook) as error:
            failed = True
            click.echo(f"{name}: not done ({type(error).__name__} {error})", err=True)
    if failed:
        raise SystemExit(1)


@stripe_commands.command("show")
@click.argument("txn")
def show_command(txn: str) -> None:
    """Print what Stripe says of a row of its book, and which users here it may belong to."""
    try:
        shown = showing.show(txn)
    except StripeNotFound as error:
        message = f"Stripe has no row {txn}."
        raise click.ClickException(message) from error
    except (StripeUnavailable, StripeRefused) as error:
        message = f"Stripe does not answer: {error}"
        raise click.ClickException(message) from error
    for name, fact in shown.facts.items():
        click.echo(f"{name:<24}{fact}")
    for user in shown.users:
        click.echo(f"{'may be of':<24}{user}")


@stripe_commands.command("resolve")
@click.argument("txn")
@click.option("--as", "kind", type=click.Choice(KINDS), required=True, help="What it was.")
@click.option("--user", help="With --as wallet: whose wallet, by address or usr_ ref.")
@click.option("--reason", required=True, help="Why, for whoever reads the books later.")
def resolve_command(txn: str, kind: str, user: str | None, reason: str) -> None:
    """Book what nobody claimed to the account where it belongs (docs/operations.md)."""
    if (kind == resolving.WALLET) != bool(user):
        message = "goes with --as wallet, and --as wallet with it"
        raise click.BadParameter(message, param_hint="--user")
    if not reason.strip():
        message = "say why"
        raise click.BadParameter(message, param_hint="--reason")
    try:
        service.resolve(txn, kind, reason=reason.strip(), actor=_operator(), user=user)
    except resolving.NotUnmatched as error:
        message = f"{txn} is not unmatched."
        raise click.ClickException(message) from error
    except resolving.NoSuchUser as error:
        message = f"There is no user {user}."
        raise click.ClickException(message) from error
    click.echo(f"{txn} is booked as {kind}.")


def _operator() -> str:
    """Name whoever sits at the machine; a container may have no name for its user."""
    try:
        return f"operator:{getpass.getuser()}"
    except (KeyError, OSError):
        return "operator:unknown"


def _as_dict(report: Report) -> dict[str, object]:
    return asdict(report) | {"cut_off": report.cut_off.isoformat(), "agrees": report.agrees}


def _in_words(report: Report) -> str:
    lines = {
        "account": f"{report.account} ({'live' if report.livemode else 'test'})",
        "cut-off": report.cut_off.isoformat(timespec="seconds"),
        "Stripe's balance": format_money(report.stripe_minor),
        "mirror": format_money(report.mirror_minor),
        "ledger": format_money(report.ledger_minor),
        "matched": str(report.matched),
        "set aside": f"{format_money(report.reserved_minor)}, ledger {format_money(report.reserved_ledger_minor)}",
        "unmatched": f"{report.unmatched} ({format_money(report.unmatched_minor)})",
        "in flight": f"{report.in_flight} ({format_money(report.in_flight_minor)})",
        "differing": ", ".join(report.differing) or "none",
        "difference": format_money(report.difference),
    }
    rows = [
        f"    {row.id}  {format_money(row.amount_minor)}  {row.type}  {row.source_id}" for row in report.unmatched_rows
    ]
    named = [f"{name:<20}{value}" for name, value in lines.items()]
    place = list(lines).index("unmatched") + 1
    return "\n".join([*named[:place], *rows, *named[place:]])
