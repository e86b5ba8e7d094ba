"""Registering, and confirming the address."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import current_app

from randonumber import clock, limits
from randonumber.auth import accounts, letters, passwords, tokens
from randonumber.auth.models import LinkPurpose, User
from randonumber.database import transaction

LIMIT: Final = "registration"
CONFIRMATION_LIMIT: Final = "confirmation"
SENT_TWICE_WITHIN: Final = timedelta(minutes=10)
"""A registration that comes again within this time, with its password, is the same one."""


def register(email: str, password: str) -> User | None:
    """Make an account; None when the address has one already, whose owner then gets a mail.

    User, ledger accounts, gifts and mail are one transaction: all of them, or nothing. Sent twice with the same
    password, it returns the same user twice. Registration tells whether an address is known, since a new one is
    signed in at once; so raises RateLimited after `REGISTRATIONS_PER_HOUR` (5) in an hour from one network.
    """
    most = current_app.extensions["config"].registrations_per_hour
    limits.hit(None, LIMIT, limits.client_network(), limit=most, per_seconds=3_600)
    hashed = passwords.digest(password)
    with transaction() as session:
        user = accounts.create(session, email, hashed)
        if user is not None:
            letters.welcome(session, user)
            return user
        known = accounts.get(session, email)
    if _is_repeated(known, password):
        return known
    with transaction() as session:
        letters.known_address(session, known)
    return None


def ask_again(user: User) -> None:
    """Send another link to confirm the address. Raises RateLimited."""
    limits.hit(None, CONFIRMATION_LIMIT, user.ref, limit=3, per_seconds=3_600)
    with transaction() as session:
        letters.confirmation(session, user)


def confirm(token: str) -> User | None:
    """Confirm the address that the link was sent to; None when the link does not work (any more)."""
    with transaction() as session:
        user_id = tokens.redeem(session, token, LinkPurpose.CONFIRM)
        return None if user_id is None else accounts.confirm(session, user_id)


def _is_repeated(known: User, password: str) -> bool:
    if not known.active or known.created_at < clock.now() - SENT_TWICE_WITHIN:
        return False
    matches, _ = passwords.verify(password, known.password)
    return matches
