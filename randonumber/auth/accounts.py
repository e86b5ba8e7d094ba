"""Accounts as rows: making one, finding one, shutting one. Building blocks that never commit."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock, hooks, ids, jobs
from randonumber.auth import sessions, tokens
from randonumber.auth.models import LinkPurpose, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def create(session: Session, email: str, password_hash: str, *, is_confirmed: bool = False) -> User | None:
    """Make a user with everything that belongs to one; None when the address has an account. Never commits.

    Of two at once one waits for the other and finds the account. With the sandbox the gifts of a confirmed
    address come at once, since its mails go nowhere.
    """
    now = clock.now()
    row = {
        "ref": ids.new_ref("usr"),
        "email": email,
        "password": password_hash,
        "fs_uniquifier": secrets.token_hex(32),
        "confirmed_at": now if is_confirmed else None,
        "created_at": now,
    }
    insertion = insert(User).values(row).on_conflict_do_nothing(index_elements=[User.email]).returning(User)
    user = session.scalar(insertion)
    if user is None:
        return None
    hooks.run_sign_up(jobs.current(), session, _person(user))
    if is_confirmed or current_app.extensions["config"].uses_sandbox:
        welcome(session, user)
    return user


def confirm(session: Session, user_id: int) -> User:
    """Note that the address is its owner's, and give what that brings, once. Never commits; safe to call again."""
    user = lock(session, user_id)
    if user.confirmed_at is None:
        user.confirmed_at = clock.now()
    if user.welcomed_at is None:
        welcome(session, user)
    return user


def welcome(session: Session, user: User) -> None:
    """Give what a confirmed address brings; the caller holds the row. Never commits."""
    user.welcomed_at = clock.now()
    session.flush()
    hooks.run_confirmed(jobs.current(), session, _person(user))


def lock(session: Session, user_id: int) -> User:
    """Return the user's row as it now stands, locked until the transaction ends."""
    rows = select(User).where(User.id == user_id).with_for_update(key_share=True)
    return session.execute(rows.execution_options(populate_existing=True)).scalar_one()


def find(session: Session, email: str) -> User | None:
    """Return the user with this address in its normal form."""
    return session.scalar(select(User).where(User.email == email))


def get(session: Session, email: str) -> User:
    """Return the user with this address in its normal form, where one is known to be."""
    return session.scalars(select(User).where(User.email == email)).one()


def set_password(session: Session, user_id: int, password_hash: str) -> User:
    """Change the password. Every session and every recovery link dies. Never commits."""
    user = lock(session, user_id)
    user.password = password_hash
    sessions.end_all(session, user_id)
    tokens.cancel(session, user_id, LinkPurpose.RESET)
    return user


def rehash(session: Session, user: User, renewed: str) -> None:
    """Keep the same password under a newer hash, unless it was changed meanwhile. Never commits."""
    unchanged = (User.id == user.id) & (User.password == user.password)
    session.execute(update(User).where(unchanged).values(password=renewed))


def disable(session: Session, user: User) -> None:
    """Shut an account: its sessions, links and API keys open nothing from now on. Never commits."""
    locked = lock(session, user.id)
    locked.active = False
    sessions.end_all(session, user.id)
    for purpose in LinkPurpose:
        tokens.cancel(session, user.id, purpose)


def _person(user: User) -> hooks.Person:
    return hooks.Person(user_id=user.id, ref=user.ref, email=user.email)
