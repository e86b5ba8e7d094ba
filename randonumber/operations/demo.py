"""`demo`: the demo people, and some traffic of theirs through the same services that the pages use."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

import click
import requests
from flask import current_app
from flask.cli import with_appcontext

from randonumber.auth import accounts
from randonumber.credits.service import Order, refresh_purchase, start_purchase
from randonumber.database import transaction
from randonumber.hooks import Person
from randonumber.numbers.service import UserPays, draw_once
from randonumber.numbers.wishes import Integers
from randonumber.operations import demo_wallet, sign_ins

if TYPE_CHECKING:
    from flask import Flask

PACK: Final = 10
DRAWS: Final = (
    Integers(minimum=1, maximum=6, n=1),
    Integers(minimum=1, maximum=49, n=6),
    Integers(minimum=0, maximum=1, n=1),
)
CARD: Final = {"card_number": "4242424242424242", "exp": "12/34", "cvc": "123", "action": "pay"}


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(demo)


@click.command()
@with_appcontext
def demo() -> None:
    """Make demo users, and let one of them buy and draw; needs the sandbox to run."""
    config = current_app.extensions["config"]
    if not (config.uses_sandbox and config.is_local):
        message = "The demo needs the sandbox: run it without Stripe keys, while `up` runs."
        raise click.ClickException(message)
    for line in sign_ins.prepare():
        click.echo(line)
    if trouble := demo_wallet.fill():
        raise click.ClickException(trouble)
    with transaction() as session:
        user = accounts.get(session, sign_ins.BUYER)
    person = Person(user_id=user.id, ref=user.ref, email=user.email)
    _buy(person)
    for wish in DRAWS:
        payer = UserPays(user_id=person.user_id, actor=f"user:{person.ref}", form_ref=secrets.token_hex(8))
        draw_once(payer, wish)
    click.echo(f"{person.email} bought {PACK} credits and drew {sum(wish.n for wish in DRAWS)} numbers.")


def _buy(person: Person) -> None:
    order = Order(quantity=PACK, pack=PACK, form_ref=secrets.token_hex(8))
    started = start_purchase(person, order, network="demo")
    if started.url is None:
        message = "The sandbox does not answer: start it with `python manage.py up`."
        raise click.ClickException(message)
    form = {"email": person.email, **CARD}
    requests.post(started.url, data=form, timeout=10, allow_redirects=False).raise_for_status()
    refresh_purchase(started.ref, actor="job:demo")
