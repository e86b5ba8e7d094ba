"""A new password: for whoever forgot the old one, and for whoever knows it."""

from __future__ import annotations

from typing import Final

from randonumber import jobs, limits
from randonumber.auth import accounts, letters, passwords, tokens
from randonumber.auth.models import LinkPurpose, User
from randonumber.auth.service import sign_in
from randonumber.database import transaction

ACCOUNT_LIMIT: Final = "recovery_account"
ADDRESS_LIMIT: Final = "recovery_address"
NOBODY: Final = 0


def ask(email: str) -> None:
    """Have the worker send a recovery link, if the address has an account.

    A job is queued for an unknown address too, so that the request does the same for either. Raises RateLimited.
    """
    limits.hit(None, ADDRESS_LIMIT, limits.client_address(), limit=20, per_seconds=3_600)
    limits.hit(None, ACCOUNT_LIMIT, email, limit=3, per_seconds=900)
    with transaction() as session:
        user = accounts.find(session, email)
        jobs.enqueue(session, send_link, user_id=NOBODY if user is None else user.id)


@jobs.job("auth.send_recovery_link")
def send_link(user_id: int) -> None:
    """Send the link; for nobody, and for an account that is shut, there is none."""
    if user_id == NOBODY:
        return
    with transaction() as session:
        user = accounts.lock(session, user_id)
        if user.active:
            letters.recovery(session, user)


def works(token: str) -> bool:
    """Whether a new password can be chosen with this link."""
    with transaction() as session:
        return tokens.owner(session, token, LinkPurpose.RESET) is not None


def reset(token: str, password: str) -> User | None:
    """Set a new password by a recovery link; None when it does not work (any more). Every session dies."""
    if not works(token):  # nobody makes us hash for nothing
        return None
    hashed = passwords.digest(password)
    with transaction() as session:
        user_id = tokens.redeem(session, token, LinkPurpose.RESET)
        if user_id is None:
            return None
        user = accounts.set_password(session, user_id, hashed)
        letters.password_changed(session, user)
    limits.forgive(sign_in.ACCOUNT_LIMIT, user.email)
    return user


def change(user: User, current: str, new: str) -> User | None:
    """Change the password of whoever knows it; None when `current` is wrong. Every session dies.

    Raises RateLimited. The caller signs its browser in again, under a new id.
    """
    if sign_in.authenticate(user.email, current) is None:
        return None
    hashed = passwords.digest(new)
    with transaction() as session:
        changed = accounts.set_password(session, user.id, hashed)
        letters.password_changed(session, changed)
    return changed
