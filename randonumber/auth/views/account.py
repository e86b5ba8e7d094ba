"""The account page: sections of every feature, API keys, and what keeps the account safe."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, flash, redirect, render_template, session

from randonumber import hooks, jobs, sections
from randonumber.access import is_fresh, signed_in, verify_first
from randonumber.auth import access, browser, keys
from randonumber.auth.forms import KeyForm, typed
from randonumber.auth.models import Scope
from randonumber.auth.service import sign_in
from randonumber.database import transaction
from randonumber.errors import NotFound
from randonumber.ledger import queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)
pages = Blueprint("account", __name__)
BLUEPRINTS: Final = (pages,)
_NEW_KEY: Final = "new_key"
_MOST_LOTS: Final = 20
"""So many lots are shown one by one."""
_ID: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
"""What fits a bigint."""


@pages.get("/account")
@signed_in
def show() -> ResponseReturnValue:
    """Show the account; a key that was just made is shown this once."""
    return _page(KeyForm(formdata=None), new_key=session.pop(_NEW_KEY, None))


@pages.get("/user-profile")
@signed_in
def old_address() -> ResponseReturnValue:
    """Lead from the page's former address."""
    return redirect("/account", 303)


@pages.post("/account/keys")
@signed_in
def make_key() -> ResponseReturnValue:
    """Make an API key. One that may withdraw money needs a fresh sign-in."""
    form = KeyForm()
    if not form.validate():
        return _page(form), 422
    scopes = [Scope(scope) for scope in form.scopes.data or ()]
    if Scope.WITHDRAW in scopes and not is_fresh():
        return verify_first("/account#keys")
    try:
        with transaction() as database:
            session[_NEW_KEY] = keys.create(database, access.user().id, typed(form.name), scopes)
    except keys.TooManyKeys:
        form.form_errors = [f"You have {keys.MOST} keys. Revoke one that you do not need."]
        return _page(form), 422
    log.info("key_made", extra={"user": access.user().ref})
    return redirect("/account#keys", 303)


@pages.post("/account/keys/<key_id>/revoke")
@signed_in
def revoke_key(key_id: str) -> ResponseReturnValue:
    """Revoke an API key."""
    with transaction() as database:
        is_known = bool(_ID.fullmatch(key_id)) and keys.revoke(database, access.user().id, int(key_id))
    if not is_known:
        message = "There is no such key."
        raise NotFound(message)
    log.info("key_revoked", extra={"user": access.user().ref, "key_id": key_id})
    flash("The key is revoked.", "success")
    return redirect("/account#keys", 303)


@pages.post("/account/sessions/end")
@signed_in
def end_sessions() -> ResponseReturnValue:
    """Sign out every other browser."""
    sign_in.sign_out_everywhere(access.user(), but=browser.session_id())
    flash("Every other browser is signed out.", "success")
    return redirect("/account#security", 303)


def add_own_sections(app: Flask) -> None:
    """Put the sections of the core and of accounts on the account page."""
    own = [
        hooks.Section(name="credits", title="Credits", position=10, template="account/credits.html", context=_lots),
        hooks.Section(name="keys", title="API keys", position=80, template="account/keys.html", context=_keys),
        hooks.Section(
            name="security", title="Security", position=90, template="account/security.html", context=_nothing
        ),
    ]
    for section in own:
        hooks.add_section(app, section)


def _page(form: KeyForm, new_key: str | None = None) -> str:
    user = access.user()
    with transaction() as database:
        notices = hooks.notices(jobs.current(), database, user.id)
    parts = sections.render("account", user.id, user=user, key_form=form, new_key=new_key)
    return render_template("account/show.html", user=user, sections=parts, notices=notices)


def _lots(database: Session, user_id: int) -> Mapping[str, Any]:
    return {
        "lots": queries.open_lots(database, user_id),
        "most_lots": _MOST_LOTS,
        "credits_left": queries.credits_left(database, user_id),
    }


def _keys(database: Session, user_id: int) -> Mapping[str, Any]:
    return {"api_keys": keys.of_user(database, user_id)}


def _nothing(_database: Session, _user_id: int) -> Mapping[str, Any]:
    return {}
