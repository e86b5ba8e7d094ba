"""A message is queued with its cause or not at all, and says nothing that somebody else could slip in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import mail
from randonumber.database import transaction
from randonumber.mail.outbox import NotAnAddress

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

RECEIPT = {
    "what": "10 credits",
    "amount": "$9.00",
    "paid_with": "Visa ending in 4242",
    "purchase": "pur_1",
    "paid_at": "21 November 2026",
    "link": "http://127.0.0.1:5000/credits/purchases/pur_1",
    "receipt": "http://127.0.0.1:5000/credits/purchases/pur_1/receipt",
    "repaid": 0,
    "auto_topup": None,
}


def jobs_waiting(session: Session) -> int:
    query = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'mail.send_due'")
    count: int = session.execute(query).scalar_one()
    return count


def test_a_message_is_rendered_when_it_is_queued(session: Session) -> None:
    row = mail.queue(session, "receipt", "a@example.com", "Your receipt", **RECEIPT)
    assert "10 credits" in row.text_body
    assert "$9.00" in row.html_body
    assert row.message_id == f"<{row.ref}@127.0.0.1>"
    assert row.status == mail.MailStatus.QUEUED
    assert jobs_waiting(session) == 1


def queue_and_stumble() -> None:
    with transaction() as session:
        mail.queue(session, "receipt", "a@example.com", "Your receipt", **RECEIPT)
        raise ZeroDivisionError


def test_a_transaction_that_rolls_back_has_queued_nothing(committed: Flask) -> None:
    with pytest.raises(ZeroDivisionError):
        queue_and_stumble()
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM mail_messages")).scalar_one() == 0
        assert jobs_waiting(session) == 0


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85"])
def test_a_line_break_in_a_subject_cannot_add_a_header(session: Session, break_: str) -> None:
    row = mail.queue(session, "receipt", "a@example.com", f"Hello{break_}Bcc: all@example.com", **RECEIPT)
    assert row.subject == "Hello Bcc: all@example.com"


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b.c\nBcc: d@e.f", "a@b.c, d@e.f", "a@b.c;d@e.f", "A <a@b.c>", "a b@c.d", "a@b@c", "a@b.c\x00"],
)
def test_a_recipient_is_one_plain_address(session: Session, address: str) -> None:
    with pytest.raises(NotAnAddress):
        mail.queue(session, "receipt", address, "Hello", **RECEIPT)


def test_what_people_typed_is_text_in_the_html_form(session: Session) -> None:
    row = mail.queue(session, "receipt", "a@b.c", "<b>", **{**RECEIPT, "what": "<script>alert(1)</script>\x00"})
    assert "<script>" not in row.html_body
    assert "&lt;script&gt;" in row.html_body


@pytest.mark.parametrize("name", ["../error", "mail/../../etc/passwd", "/etc/passwd", "Receipt"])
def test_a_template_name_stays_in_its_folder(session: Session, name: str) -> None:
    with pytest.raises(ValueError, match="no such mail"):
        mail.queue(session, name, "a@b.c", "Hello")
