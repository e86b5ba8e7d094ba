"""What templates can say: money, credits and moments as people read them, and what the navigation shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.dates import format_datetime
from flask import current_app, g
from markupsafe import Markup

from randonumber import clock
from randonumber.database import transaction
from randonumber.forms import new_form_ref
from randonumber.money import format_credits, format_money

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask

    from randonumber.ledger.queries import CreditStanding


def init_app(app: Flask) -> None:
    """Bind the filters and the globals."""
    environment = app.jinja_env
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.filters.update(
        money=format_money, credits=credits_with_unit, number=format_credits, when=when, when_text=when_text
    )
    environment.globals.update(
        new_form_ref=new_form_ref, credits_left=credits_left, owed=owed, now=clock.now, shop=app.extensions["config"]
    )


def credits_with_unit(count: int) -> str:
    """Return a number of credits with its unit: `1 credit`, `1,000 credits`."""
    return f"{format_credits(count)} {'credit' if count == 1 else 'credits'}"


def when_text(moment: datetime) -> str:
    """Return a moment in words, for mails and for whoever runs no script: `21 Nov 2026, 07:24 UTC`."""
    return format_datetime(moment, "d MMM y, HH:mm 'UTC'", locale="en")


def when(moment: datetime) -> Markup:
    """Return a moment as an element: in words, exact on hover, turned to the visitor's own time by `time.js`."""
    exact = moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    element = '<time datetime="{}" title="{}">{}</time>'
    return Markup(element).format(moment.isoformat(timespec="seconds"), exact, when_text(moment))  # noqa: S704 - constant


def credits_left() -> int | None:
    """Return the credits of whoever is signed in, asked once in a request; nothing when nobody is."""
    standing = _standing()
    return standing.left if standing else None


def owed() -> int:
    """Return the credits that whoever is signed in owes, asked once in a request."""
    standing = _standing()
    return standing.owed if standing else 0


def _standing() -> CreditStanding | None:
    from flask_login import current_user

    from randonumber.ledger import queries

    if "login_manager" not in current_app.__dict__ or not current_user.is_authenticated:
        return None
    if "credit_standing" not in g:
        with transaction() as session:
            g.credit_standing = queries.credit_standing(session, current_user.id)
    standing: CreditStanding = g.credit_standing
    return standing
