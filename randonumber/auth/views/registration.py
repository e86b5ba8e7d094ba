"""Registering, and the link that confirms an address."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, render_template
from flask_security import current_user

from randonumber import hooks, jobs, paths
from randonumber.access import signed_in
from randonumber.auth import access, browser
from randonumber.auth.forms import RegistrationForm, typed
from randonumber.auth.service import registration
from randonumber.database import transaction

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from randonumber.auth.models import User

log = logging.getLogger(__name__)
public = Blueprint("registration", __name__)
BLUEPRINTS: Final = (public,)
_TAKEN: Final = "An account cannot be made with this address. If it is yours, look into your mail."
_CONFIRMED: Final = "Thank you: your address is confirmed."


@public.get("/register")
def register() -> ResponseReturnValue:
    """Show the form."""
    if current_user.is_authenticated:
        return redirect(paths.HOME, 303)
    return render_template("security/register.html", form=RegistrationForm())


@public.post("/register")
def make_account() -> ResponseReturnValue:
    """Make an account and sign it in at once; for an address that has one, say so in general words."""
    form = RegistrationForm()
    if form.validate():
        user = registration.register(typed(form.email), typed(form.password))
        if user is not None:
            browser.enter(user)
            log.info("registered", extra={"user": user.ref})
            _say_notices(user)
            return redirect(paths.HOME, 303)
        form.form_errors = [_TAKEN]
    return render_template("security/register.html", form=form), 422


@public.get("/confirm/<token>")
def confirm(token: str) -> ResponseReturnValue:
    """Confirm the address that the link was sent to."""
    user = registration.confirm(token)
    if user is None and not (current_user.is_authenticated and current_user.confirmed_at):
        return render_template("security/dead_link.html", purpose="confirm"), 400
    if user is not None:
        log.info("address_confirmed", extra={"user": user.ref})
    flash(_CONFIRMED, "success")
    if current_user.is_authenticated:
        return redirect("/account", 303)
    if user is not None:
        _say_notices(user)
    return redirect("/login", 303)


@public.post("/confirm")
@signed_in
def ask_again() -> ResponseReturnValue:
    """Send the link again."""
    user = access.user()
    if user.confirmed_at is None:
        registration.ask_again(user)
        flash("A link is on its way to you.", "success")
    return redirect("/account#security", 303)


def _say_notices(user: User) -> None:
    """Say on the next page what the account page would."""
    with transaction() as session:
        for words in hooks.notices(jobs.current(), session, user.id):
            flash(words, "info")
