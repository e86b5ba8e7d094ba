"""`users …`: accounts from the command line."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup
from sqlalchemy import select

from randonumber.auth import accounts, addresses, keys, passwords, sessions
from randonumber.auth.models import Scope, User
from randonumber.database import transaction
from randonumber.ledger import queries

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

users = AppGroup("users", help="Accounts: create, list, show, key, set-admin, disable.")


class Address(click.ParamType[str]):
    """A mail address, in its normal form."""

    name = "email"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address; ends the command when it is none."""
        try:
            return addresses.normal(value)
        except addresses.InvalidAddress as problem:
            self.fail(f"{value}: {problem}", param, ctx)


EMAIL = Address()


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(users)


@users.command("create")
@click.argument("email", type=EMAIL)
@click.option("--password", help="Without it one is made and printed.")
@click.option("--admin", is_flag=True, help="An operator.")
def create(email: str, password: str | None, *, admin: bool) -> None:
    """Make an account whose address counts as confirmed."""
    chosen = password or secrets.token_urlsafe(15)
    if problem := passwords.problem(chosen, [email]):
        raise click.ClickException(problem)
    hashed = passwords.digest(chosen)
    with transaction() as session:
        user = accounts.create(session, email, hashed, is_confirmed=True)
        if user is None:
            message = f"{email} has an account already."
            raise click.ClickException(message)
        user.is_admin = admin
    click.echo(f"{user.ref} {email}")
    if password is None:
        click.echo(f"password: {chosen}")


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
def list_(*, as_json: bool) -> None:
    """Print every account, the oldest first."""
    with transaction() as session:
        for user in session.scalars(select(User).order_by(User.id).execution_options(yield_per=500)):
            facts = _facts(user)
            click.echo(json.dumps(facts) if as_json else "  ".join(str(fact) for fact in facts.values()))


@users.command("show")
@click.argument("email", type=EMAIL)
def show(email: str) -> None:
    """Print an account: its state, its credits, its keys."""
    with transaction() as session:
        user = _get(session, email)
        for name, fact in _facts(user).items():
            click.echo(f"{name}: {fact}")
        click.echo(f"credits: {queries.credits_left(session, user.id)}")
        for key in keys.of_user(session, user.id):
            state = "revoked" if key.revoked_at else "works"
            click.echo(f"key {key.id}: {key.prefix}… {','.join(key.scopes)} {state} {key.name}")


@users.command("key")
@click.argument("email", type=EMAIL)
@click.option("--name", default="command line", show_default=True, help="What it is called on the account page.")
def key(email: str, name: str) -> None:
    """Make an API key with every scope and print it, alone on the last line."""
    with transaction() as session:
        user = _get(session, email)
        if not user.active:
            message = f"{email} is disabled: a key of this account would open nothing."
            raise click.ClickException(message)
        try:
            raw = keys.create(session, user.id, name[: keys.LONGEST_NAME], list(Scope))
        except keys.TooManyKeys as problem:
            message = f"{email} has {keys.MOST} keys: revoke one first."
            raise click.ClickException(message) from problem
    click.echo(raw)


@users.command("set-admin")
@click.argument("email", type=EMAIL)
@click.option("--off", is_flag=True, help="Take it away again.")
def set_admin(email: str, *, off: bool) -> None:
    """Make an account an operator's. Its open sessions end, so that the new right begins with a sign-in."""
    with transaction() as session:
        user = accounts.lock(session, _get(session, email).id)
        user.is_admin = not off
        sessions.end_all(session, user.id)
    click.echo(f"{email} is {'no operator any more' if off else 'an operator'}.")


@users.command("disable")
@click.argument("email", type=EMAIL)
@click.option("--undo", is_flag=True, help="Open it again.")
def disable(email: str, *, undo: bool) -> None:
    """Shut an account: its sessions and API keys open nothing from this moment on."""
    with transaction() as session:
        user = _get(session, email)
        if undo:
            accounts.lock(session, user.id).active = True
        else:
            accounts.disable(session, user)
    click.echo(f"{email} is {'open again' if undo else 'disabled'}.")


def _get(session: Session, email: str) -> User:
    user = accounts.find(session, email)
    if user is None:
        message = f"No account has the address {email}. `users list` shows them all."
        raise click.ClickException(message)
    return user


def _facts(user: User) -> dict[str, str]:
    return {
        "ref": user.ref,
        "email": user.email,
        "state": "active" if user.active else "disabled",
        "role": "operator" if user.is_admin else "user",
        "confirmed": user.confirmed_at.isoformat(timespec="seconds") if user.confirmed_at else "no",
    }
