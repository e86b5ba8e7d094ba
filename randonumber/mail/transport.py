"""Handing a message over: to a mail server, or to a file where none is set.

The two ways in which that fails are told apart, because they ask for different things: `ServerUnavailable` stops
the round for every message, `MessageRefused` is about this message alone.
"""

from __future__ import annotations

import smtplib
import ssl
from typing import TYPE_CHECKING, Final

from flask import current_app
from flask_mailman import EmailMultiAlternatives
from flask_mailman.backends.smtp import EmailBackend

if TYPE_CHECKING:
    from pathlib import Path

    from randonumber.config import Config
    from randonumber.mail.models import MailMessage

TIMEOUT_SECONDS: Final = 10
"""For each step of the conversation; it has about eight, so that a message is out or given up within its lease."""
_PERMANENT: Final = 500


class ServerUnavailable(RuntimeError):
    """The mail server cannot be reached or does not take mail from us now: nothing is known about the message."""


class MessageRefused(RuntimeError):
    """This message is not taken: not now, or (`is_permanent`) never.

    `about_address` says that the reason is whom it is for.
    """

    def __init__(self, reason: str, *, is_permanent: bool, about_address: bool) -> None:
        super().__init__(reason)
        self.is_permanent = is_permanent
        self.about_address = about_address


class VerifiedSmtp(EmailBackend):  # type: ignore[misc] # the library carries no types
    """Flask-Mailman's SMTP connection, with a certificate that is checked: its own STARTTLS accepts any."""

    connection: smtplib.SMTP | None

    def open(self) -> bool:
        """Connect, secure and sign in; raises OSError or SMTPException."""
        if self.connection:
            return False
        self.connection = connection = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        if self.use_tls:
            connection.starttls(context=ssl.create_default_context())
        if self.username and self.password:
            connection.login(self.username, self.password)
        return True


def deliver(row: MailMessage) -> None:
    """Hand one message over. Calls the network; raises ServerUnavailable or MessageRefused, and nothing else."""
    config: Config = current_app.extensions["config"]
    try:
        _hand_over(row, config)
    except (ValueError, LookupError) as error:  # an address or a text that makes no message, whoever is asked
        reason = f"cannot be written: {type(error).__name__}"
        raise MessageRefused(reason, is_permanent=True, about_address=False) from error


def _hand_over(row: MailMessage, config: Config) -> None:
    message = compose(row, config)
    if config.mail_server is None:
        write_file(config.instance_path / "mail", row, message.message().as_bytes())
        return
    backend = VerifiedSmtp(
        host=config.mail_server,
        port=config.mail_port,
        username=config.mail_username or "",
        password=config.mail_password or "",
        use_tls=config.mail_use_tls,
        use_ssl=False,
        timeout=TIMEOUT_SECONDS,
    )
    _send(backend, message)


def compose(row: MailMessage, config: Config) -> EmailMultiAlternatives:
    """Return the message with its text and HTML forms; every header is checked for line breaks by the library."""
    message = EmailMultiAlternatives(
        subject=row.subject,
        body=row.text_body,
        from_email=config.mail_default_sender,
        to=[row.recipient],
        headers={"Message-ID": row.message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(row.html_body, "text/html")
    return message


def write_file(folder: Path, row: MailMessage, body: bytes) -> None:
    """Write the message as one `.eml` file that appears whole; writing it again replaces it.

    A message may hold a link that opens an account: nobody else on the machine may read it.
    """
    file = folder / f"{row.created_at:%Y%m%dT%H%M%S}-{row.ref}.eml"
    draft = file.with_suffix(".part")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.touch(mode=0o600)
        draft.write_bytes(body)
        draft.rename(file)
    except OSError as error:
        raise ServerUnavailable(type(error).__name__) from error


def _send(backend: VerifiedSmtp, message: EmailMultiAlternatives) -> None:
    try:
        backend.open()
        backend.send_messages([message])
    except smtplib.SMTPRecipientsRefused as refusal:
        raise _refused(next(iter(refusal.recipients.values()))[0], about_address=True) from refusal
    except smtplib.SMTPDataError as refusal:
        raise _refused(refusal.smtp_code, about_address=False) from refusal
    except (OSError, smtplib.SMTPException) as error:  # a time-out, a reset, a failed sign-in, an unknown sender
        raise ServerUnavailable(type(error).__name__) from error
    finally:
        _hang_up(backend)


def _refused(code: int, *, about_address: bool) -> MessageRefused:
    return MessageRefused(f"smtp_{code}", is_permanent=code >= _PERMANENT, about_address=about_address)


def _hang_up(backend: VerifiedSmtp) -> None:
    """Close without a second opinion: the message's fate was settled before."""
    connection, backend.connection = backend.connection, None
    if connection is not None:
        connection.close()
