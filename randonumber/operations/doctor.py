"""`doctor`: what an operator would check by hand, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import text

from randonumber import clock, health
from randonumber.database import transaction
from randonumber.operations import doctor_payouts
from randonumber.operations.finding import Finding
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable, gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from randonumber.config import Config

OLDEST_POSTGRESQL: Final = 150_000
MOST_CLOCK_DRIFT_SECONDS: Final = 60
"""Stripe's signatures are refused beyond 300 s; long before that the clock deserves a look."""


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(doctor)


@click.command()
@with_appcontext
def doctor() -> None:
    """Look at settings, database, Stripe, worker and clock; exit 1 on a fault."""
    findings = list(examine())
    for finding in findings:
        click.echo(f"{'ok   ' if finding.is_well else 'FAULT'}  {finding.name}: {finding.detail}")
    if not all(finding.is_well for finding in findings):
        raise SystemExit(1)


def examine() -> Iterator[Finding]:
    """Yield every finding; nothing is changed and a fault stops nothing."""
    config: Config = current_app.extensions["config"]
    yield Finding(name="settings", is_well=True, detail=f"complete, for {config.base_url}")
    yield from _database()
    yield from _stripe(config)


def _database() -> Iterator[Finding]:
    parts = health.check()
    if parts["database"] != health.READY:
        yield Finding(name="database", is_well=False, detail="unreachable: is it running, and is DATABASE_URI right?")
        return
    with transaction() as session:
        version = session.execute(text("SELECT current_setting('server_version_num')::int")).scalar_one()
    known = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    yield Finding(name="database", is_well=version >= OLDEST_POSTGRESQL, detail=f"{known} (15 or newer is needed)")
    yield _part("migrations", parts["migrations"], "at the newest", "run `python manage.py db upgrade`")
    yield _part("worker", parts["worker"], "alive", "start `python manage.py worker`")
    if parts["migrations"] == health.READY:
        yield doctor_payouts.books()


def _part(name: str, state: str, well: str, cure: str) -> Finding:
    is_well = state == health.READY
    return Finding(name=name, is_well=is_well, detail=well if is_well else f"{state}: {cure}")


def _stripe(config: Config) -> Iterator[Finding]:
    if not config.stripe_secret_key:
        yield Finding(name="stripe key", is_well=False, detail="STRIPE_SECRET_KEY is not set")
        return
    place = "the sandbox" if config.uses_sandbox else "Stripe"
    try:
        account = gateway().get_account()
        seconds_apart = gateway().clock_drift_seconds()
    except StripeUnavailable as error:
        yield Finding(name="stripe key", is_well=False, detail=f"{place} does not answer: {error.reason}")
        return
    except StripeRefused as error:
        yield Finding(name="stripe key", is_well=False, detail=f"{place} refuses it: {error.message}")
        return
    mode = "live" if config.livemode else "test"
    yield Finding(name="stripe key", is_well=True, detail=f"{mode} key of {account.id} at {place}")
    yield Finding(
        name="stripe webhook",
        is_well=bool(config.stripe_webhook_secret),
        detail=f"secret set; events are expected at {config.base_url}/webhooks/stripe",
    )
    yield from doctor_payouts.connect(config)
    yield doctor_payouts.events(config)
    yield _payouts(account.payout_interval)
    yield Finding(
        name="clock",
        is_well=abs(seconds_apart) <= MOST_CLOCK_DRIFT_SECONDS,
        detail=f"{seconds_apart} s from Stripe's (now {clock.now():%Y-%m-%d %H:%M:%S} UTC)",
    )


def _payouts(interval: str | None) -> Finding:
    if interval in {None, "manual"}:
        return Finding(name="stripe payouts", is_well=True, detail=interval or "not shown by Stripe for this key")
    detail = f"{interval}: set them to manual in Stripe's dashboard while wallets hold money"
    return Finding(name="stripe payouts", is_well=False, detail=detail)
