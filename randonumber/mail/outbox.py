"""Putting a message into the outbox."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import current_app

from randonumber import clock, ids, jobs
from randonumber.mail.models import MailMessage
from randonumber.mail.sending import send_due

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_ADDRESS: Final = re.compile(r"[^\s\x00-\x1f\x7f<>(),;:\\\"\[\]@]{1,64}@[^\s\x00-\x1f\x7f<>(),;:\\\"\[\]@]{1,255}")
_TEMPLATE: Final = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_LONGEST_SUBJECT: Final = 200


class NotAnAddress(ValueError):
    """The recipient is not exactly one plain mail address."""


def queue(session: Session, template: str, to: str, subject: str, **context: Any) -> MailMessage:
    """Queue one message to one address and the job that sends it. Never commits: no commit, no mail.

    `templates/mail/<template>.txt` and `.html` are rendered now, with `context`, `subject` and `base_url`. Control
    characters in the subject become spaces, so that nobody's name can add a header. Raises NotAnAddress.
    """
    if not _ADDRESS.fullmatch(to):
        message = "a recipient is one plain mail address"
        raise NotAnAddress(message)
    if not _TEMPLATE.fullmatch(template):
        message = f"no such mail: {template}"
        raise ValueError(message)
    config = current_app.extensions["config"]
    line = _CONTROL.sub(" ", subject).strip()[:_LONGEST_SUBJECT]
    given = {**context, "subject": line, "base_url": config.base_url}
    ref = ids.new_ref("mail")
    row = MailMessage(
        ref=ref,
        message_id=f"<{ref}@{urlsplit(config.base_url).hostname}>",
        template=template,
        recipient=to,
        subject=line,
        text_body=_render(f"mail/{template}.txt", given),
        html_body=_render(f"mail/{template}.html", given),
        next_try_at=clock.now(),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    jobs.enqueue(session, send_due)
    return row


def _render(name: str, context: dict[str, Any]) -> str:
    """Render without the request: a mail says the same whoever's request caused it. PostgreSQL stores no NUL."""
    return current_app.jinja_env.get_template(name).render(context).replace("\x00", "")
