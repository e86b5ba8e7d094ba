"""Free credits for a new account: once for each mailbox, however its address is written.

A mailbox has many addresses. `ann+shop@example.com` is `ann@example.com` wherever tags behind a plus are known
(RFC 5233), and Gmail hears no dots and two domains. Only the SHA-256 of the normal form is kept, so the claim outlives
an account without saying whose it was.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import current_app
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock
from randonumber.credits.models import FreeCreditClaim
from randonumber.credits.service.granting import SIGN_UP_REASON, grant

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.hooks import Person

log = logging.getLogger(__name__)
GMAIL: Final = frozenset({"gmail.com", "googlemail.com"})
GIVEN_BEFORE: Final = (
    "Free credits come once to each mailbox, and yours has had them with another account. "
    "This account is as good as any other: you can buy credits whenever you like."
)

_NEWCOMER: Final = text("""
    SELECT email FROM users
     WHERE id = :user_id AND welcomed_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM accounts WHERE accounts.user_id = users.id AND accounts.kind = 'lot')
""")


def give(session: Session, person: Person) -> None:
    """Give a confirmed address its free credits, once a mailbox. A hook of the confirmation: never commits.

    Safe to call again; of two accounts of one mailbox at once the second waits, and gets none.
    """
    config = current_app.extensions["config"]
    if not config.free_credits:
        return
    if not claim(session, person):
        log.info("free_credits_given_before", extra={"user": person.ref})
        return
    days = config.free_credits_expire_days
    grant(
        session,
        user_id=person.user_id,
        credits_=config.free_credits,
        reason=SIGN_UP_REASON,
        actor=f"user:{person.ref}",
        ref=f"signup:{person.ref}",
        expires_at=clock.now() + timedelta(days=days) if days else None,
    )


def claim(session: Session, person: Person) -> bool:
    """Note that the person's mailbox has its free credits; False when it had them as somebody else. Never commits."""
    row = {"mailbox_hash": digest(person.email), "user_id": person.user_id, "created_at": clock.now()}
    session.execute(insert(FreeCreditClaim).values(row).on_conflict_do_nothing())
    return _owner(session, person.email) == person.user_id


def notice(session: Session, user_id: int) -> str | None:
    """Return why an account without any credits was given none; None when there is nothing to say. Never commits."""
    if not current_app.extensions["config"].free_credits:
        return None
    email: str | None = session.execute(_NEWCOMER, {"user_id": user_id}).scalar_one_or_none()
    if email is None or _owner(session, email) in {None, user_id}:
        return None
    return GIVEN_BEFORE


def mailbox(address: str) -> str:
    """Return the one address of the mailbox that an address leads to."""
    local, _, domain = address.lower().rpartition("@")
    local = local.split("+", 1)[0] or local
    if domain in GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def digest(address: str) -> bytes:
    """Return the SHA-256 of the mailbox that an address leads to."""
    return hashlib.sha256(mailbox(address).encode()).digest()


def _owner(session: Session, address: str) -> int | None:
    """Return who has had the free credits of the mailbox. A query of its own: it sees who was waited for."""
    query = select(FreeCreditClaim.user_id).where(FreeCreditClaim.mailbox_hash == digest(address))
    return session.execute(query).scalar_one_or_none()
