"""What was mailed in a test, and the work that sends links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import select, text

from randonumber import jobs
from randonumber.database import transaction
from randonumber.mail import MailMessage

if TYPE_CHECKING:
    from collections.abc import Sequence


def messages(template: str | None = None) -> Sequence[MailMessage]:
    """Return what is in the outbox, the oldest first."""
    rows = select(MailMessage).order_by(MailMessage.id)
    if template is not None:
        rows = rows.where(MailMessage.template == template)
    with transaction() as session:
        return session.scalars(rows).all()


def link(template: str) -> str:
    """Return the path of the link in the newest message of this kind."""
    found = re.search(r"https?://\S+/(?:confirm|reset)/\S+", messages(template)[-1].text_body)
    assert found
    return urlsplit(found[0]).path


def run_link_jobs() -> int:
    """Do the work that recovery requests have left, and return how much there was."""
    with transaction() as session:
        due = session.execute(
            text("DELETE FROM procrastinate_jobs WHERE task_name = 'auth.send_recovery_link' RETURNING args, task_name")
        ).all()
    for row in due:
        jobs.queue.tasks[row.task_name].func(**row.args)
    return len(due)
