"""The job that empties the outbox, one message at a time and never two such jobs at once.

A dead mail server costs one connection attempt in half a minute, whatever is queued, and holds up no other job.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text

from randonumber import clock, jobs
from randonumber.database import transaction
from randonumber.mail.models import MailMessage, MailStatus
from randonumber.mail.transport import MessageRefused, ServerUnavailable, deliver

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=2)
"""Longer than one delivery can take (transport.TIMEOUT_SECONDS for each of about eight steps)."""
SERVER_PAUSE: Final = timedelta(seconds=30)
MOST_TRIES: Final = 10
MOST_TRIES_WHEN_PERMANENT: Final = 3
"""A 5xx is final by RFC 5321, but servers that are being mended say it too: asked three times, over six minutes."""
FIRST_WAIT: Final = timedelta(minutes=2)
LONGEST_WAIT: Final = timedelta(hours=1)

_CLAIM: Final = text("""
    UPDATE mail_messages SET next_try_at = :lease_until
     WHERE id = (SELECT id FROM mail_messages
                  WHERE status = 'queued' AND next_try_at <= :now
                  ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
       AND NOT EXISTS (SELECT FROM mail_messages WHERE status = 'queued' AND server_failed_at > :failed_since)
    RETURNING id
""")
_ANY_DUE: Final = text("SELECT EXISTS (SELECT FROM mail_messages WHERE status = 'queued' AND next_try_at <= :now)")


@jobs.job("mail.send_due")
def send_due() -> None:
    """Send whatever is due. Safe to run at any time, also twice at once."""
    while (row := claim()) is not None:
        if not send(row):
            return


# One at a time over all workers, so that a mail server that hangs holds one of the worker's places and no more.
send_due.lock = "mail"


@jobs.periodic("mail.sweep", "* * * * *")
def sweep() -> None:
    """Send what waits for another try, and what a worker that died has left."""
    with transaction() as session:
        if session.execute(_ANY_DUE, {"now": clock.now()}).scalar_one():
            jobs.enqueue(session, send_due)


def claim() -> MailMessage | None:
    """Take the next due message for as long as LEASE; None when nothing is due or the server pauses."""
    now = clock.now()
    parameters = {"now": now, "lease_until": now + LEASE, "failed_since": now - SERVER_PAUSE}
    with transaction() as session:
        claimed = session.execute(_CLAIM, parameters).scalar_one_or_none()
        return None if claimed is None else session.get_one(MailMessage, claimed)


def send(row: MailMessage) -> bool:
    """Deliver a claimed message and write down what came of it; False when the server takes nothing now."""
    try:
        deliver(row)
    except ServerUnavailable as error:
        log.warning("mail_server_unavailable", extra={"mail": row.ref, "reason": str(error)})
        with transaction() as session:
            note_server_failure(session, row.id, str(error))
        return False
    except MessageRefused as refusal:
        log.warning("mail_refused", extra={"mail": row.ref, "reason": str(refusal)})
        with transaction() as session:
            note_refusal(session, row.id, refusal)
        return True
    with transaction() as session:
        note_sent(session, row.id)
    log.info("mail_sent", extra={"mail": row.ref, "template": row.template})
    return True


def note_sent(session: Session, row_id: int) -> None:
    """Mark a message sent. Never commits."""
    row = _lock(session, row_id)
    row.status, row.sent_at, row.last_error = MailStatus.SENT, clock.now(), None
    _forget_text(row)


def note_server_failure(session: Session, row_id: int, reason: str) -> None:
    """Leave the message for later; no try is counted against it. Never commits."""
    row = _lock(session, row_id)
    if row.status == MailStatus.QUEUED:
        row.server_failed_at, row.last_error = clock.now(), reason
        row.next_try_at = clock.now() + SERVER_PAUSE


def note_refusal(session: Session, row_id: int, refusal: MessageRefused) -> None:
    """Count the refusal and set the next try, or give the message up. Never commits."""
    row = _lock(session, row_id)
    if row.status != MailStatus.QUEUED:
        return
    row.tries += 1
    row.last_error = str(refusal)
    if row.tries < (MOST_TRIES_WHEN_PERMANENT if refusal.is_permanent else MOST_TRIES):
        row.next_try_at = clock.now() + wait_before(row.tries)
        return
    row.status = MailStatus.UNDELIVERABLE if refusal.about_address else MailStatus.DEAD
    if row.status == MailStatus.UNDELIVERABLE:
        _forget_text(row)
    log.error("mail_given_up", extra={"mail": row.ref, "status": row.status, "reason": row.last_error})


def wait_before(tries: int) -> timedelta:
    """Return how long to wait after so many refusals: doubling from two minutes to an hour."""
    return min(FIRST_WAIT * (1 << (tries - 1)), LONGEST_WAIT)


def _forget_text(row: MailMessage) -> None:
    """Keep that a message went out, not what it said: a link in it may open somebody's account."""
    row.text_body, row.html_body = "", ""


def _lock(session: Session, row_id: int) -> MailMessage:
    query = select(MailMessage).where(MailMessage.id == row_id).with_for_update(key_share=True)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()
