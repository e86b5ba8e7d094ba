"""Proving to be the owner of an account, by its password."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from randonumber import limits
from randonumber.auth import accounts, passwords, sessions
from randonumber.database import transaction

if TYPE_CHECKING:
    from randonumber.auth.models import User

log = logging.getLogger(__name__)
ACCOUNT_LIMIT: Final = "sign_in_account"
ADDRESS_LIMIT: Final = "sign_in_address"
PER_ACCOUNT: Final = 5
PER_ADDRESS: Final = 30
WINDOW_SECONDS: Final = 60
LONGEST_WINDOW_SECONDS: Final = 900
"""Whoever guesses makes the owner wait a quarter of an hour at most, and gets some 500 guesses a day."""


def authenticate(email: str, password: str) -> User | None:
    """Return the user with this address (normal form) and password, or None: the same for each reason.

    An unknown address costs one hash too, so that it answers no sooner. Raises RateLimited: five failures a
    minute for one account and thirty from one address, then windows that double. A success is not counted.
    """
    address = limits.client_address()
    _count(ADDRESS_LIMIT, address, PER_ADDRESS)
    _count(ACCOUNT_LIMIT, email, PER_ACCOUNT)
    with transaction() as session:
        user = accounts.find(session, email)
    matches, renewed = passwords.verify(password, user.password if user else None)
    if user is None or not matches or not user.active:
        log.info("sign_in_refused", extra={"user": user.ref if user else None})
        return None
    limits.forgive(ACCOUNT_LIMIT, email)
    limits.give_back(ADDRESS_LIMIT, address)
    if renewed is not None:
        with transaction() as session:
            accounts.rehash(session, user, renewed)
    return user


def verify(user: User, password: str, session_id: str | None) -> bool:
    """Return whether a signed-in user gives the right password; then the session is fresh. Raises RateLimited."""
    if authenticate(user.email, password) is None:
        return False
    if session_id is not None:
        with transaction() as session:
            sessions.verified(session, session_id)
    return True


def sign_out_everywhere(user: User, *, but: str | None = None) -> None:
    """End every session of the user, `but` perhaps one."""
    with transaction() as session:
        sessions.end_all(session, user.id, but=but)


def _count(name: str, subject: str, limit: int) -> None:
    limits.hit(None, name, subject, limit=limit, per_seconds=WINDOW_SECONDS, longest_seconds=LONGEST_WINDOW_SECONDS)
