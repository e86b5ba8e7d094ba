"""Mail: queued in the transaction that causes it, sent by the worker, each message once under one Message-ID.

A page never waits for a mail server. A transaction that rolls back has queued nothing; a worker that dies while
sending leaves the message to the next one, under the same Message-ID.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.mail import checks
from randonumber.mail.models import MailMessage, MailStatus
from randonumber.mail.outbox import queue

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["MailMessage", "MailStatus", "init_app", "queue"]


def init_app(_app: Flask) -> None:
    """Register what `ledger check` asks of the outbox; the jobs register themselves when they are imported."""
    checks.register()
