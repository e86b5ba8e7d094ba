"""Each message goes out once under one Message-ID, whatever the server does; nothing else waits for it."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text

from randonumber import clock, mail
from randonumber.database import transaction
from randonumber.ledger import checks
from randonumber.mail import sending, transport
from randonumber.mail.models import MailMessage, MailStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask

    SmtpServer = Callable[[Any], Any]

BODY = {
    "what": "10 credits",
    "amount": "$9.00",
    "paid_with": "Visa",
    "purchase": "pur_1",
    "paid_at": "now",
    "link": "x",
    "receipt": "y",
    "auto_topup": None,
}


class Postbox:
    """A mail server that keeps what it accepts; `refuse` maps an address to its answer, `data_answer` ends DATA."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.refuse: dict[str, str] = {}
        self.data_answer = "250 OK"
        self.connections = 0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data_answer.startswith("250"):
            self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.data_answer


@contextmanager
def served(app: Flask, monkeypatch: pytest.MonkeyPatch, postbox: Postbox) -> Iterator[None]:
    controller = Controller(postbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        use_server(app, monkeypatch, controller.port)
        yield
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def use_server(app: Flask, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    config = replace(app.extensions["config"], mail_server="127.0.0.1", mail_port=port, mail_use_tls=False)
    monkeypatch.setitem(app.extensions, "config", config)


@pytest.fixture
def postbox(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    box = Postbox()
    with served(committed, monkeypatch, box):
        yield box


def queued(to: str = "a@example.com", subject: str = "Your receipt") -> str:
    with transaction() as session:
        return mail.queue(session, "receipt", to, subject, **BODY, repaid=0).ref


def stored(ref: str) -> MailMessage:
    with transaction() as session:
        return session.execute(select(MailMessage).where(MailMessage.ref == ref)).scalar_one()


def run_later(delay: timedelta) -> None:
    with clock.frozen(clock.now() + delay):
        sending.send_due()


def test_a_message_arrives_with_its_text_and_its_page(postbox: Postbox) -> None:
    ref = queued(subject="Zürich – 10 credits")
    sending.send_due()
    [message] = postbox.received
    assert message["Subject"] == "Zürich – 10 credits"
    assert message["To"] == "a@example.com"
    assert message["Message-ID"] == stored(ref).message_id
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert "10 credits" in message.get_body(("plain",)).get_content()
    assert stored(ref).status == MailStatus.SENT
    sending.send_due()
    assert len(postbox.received) == 1


def test_what_a_sent_message_said_is_not_kept(postbox: Postbox) -> None:
    ref = queued()
    assert stored(ref).text_body
    sending.send_due()
    assert (stored(ref).text_body, stored(ref).html_body) == ("", "")


def test_a_connection_is_secured_only_with_a_certificate_that_is_checked(
    committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[ssl.SSLContext] = []

    class Unverified:
        def __init__(self, *_given: object, **_options: object) -> None: ...

        def starttls(self, *, context: ssl.SSLContext) -> None:
            seen.append(context)
            raise ssl.SSLCertVerificationError

        def close(self) -> None: ...

    config = replace(committed.extensions["config"], mail_server="mail.example.com", mail_use_tls=True)
    monkeypatch.setitem(committed.extensions, "config", config)
    monkeypatch.setattr("randonumber.mail.transport.smtplib.SMTP", Unverified)
    ref = queued()
    sending.send_due()
    assert (seen[0].verify_mode, seen[0].check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (stored(ref).status, stored(ref).last_error) == (MailStatus.QUEUED, "SSLCertVerificationError")
    forget()


def test_one_address_that_is_refused_does_not_block_the_others(postbox: Postbox) -> None:
    postbox.refuse["bad@example.com"] = "550 no such user"
    bad, good = queued("bad@example.com"), queued("good@example.com")
    sending.send_due()
    assert stored(good).status == MailStatus.SENT
    assert stored(bad).status == MailStatus.QUEUED
    assert (stored(bad).tries, stored(bad).last_error) == (1, "smtp_550")
    for hours in range(1, sending.MOST_TRIES_WHEN_PERMANENT):
        run_later(timedelta(hours=hours))
    assert stored(bad).status == MailStatus.UNDELIVERABLE
    assert violations() == 0


def test_a_refusal_for_now_is_tried_again_later_under_the_same_message_id(postbox: Postbox) -> None:
    postbox.refuse["a@example.com"] = "451 greylisted"
    ref = queued()
    sending.send_due()
    before = stored(ref)
    assert before.tries == 1
    postbox.refuse.clear()
    sending.send_due()
    assert postbox.received == []
    run_later(sending.wait_before(1) + timedelta(seconds=1))
    assert postbox.received[0]["Message-ID"] == before.message_id
    assert stored(ref).status == MailStatus.SENT


def test_content_that_is_refused_for_good_is_dead_and_shown(postbox: Postbox) -> None:
    postbox.data_answer = "554 looks like spam"
    ref = queued()
    for hours in range(sending.MOST_TRIES_WHEN_PERMANENT):
        run_later(timedelta(hours=hours))
    assert stored(ref).status == MailStatus.DEAD
    assert violations() == 1
    forget()


def test_a_message_that_cannot_be_written_blocks_no_other(postbox: Postbox) -> None:
    bad, good = queued("a@example..com"), queued()
    for hours in range(sending.MOST_TRIES_WHEN_PERMANENT):
        run_later(timedelta(hours=hours))
    assert stored(good).status == MailStatus.SENT
    assert stored(bad).status == MailStatus.DEAD
    assert stored(bad).last_error == "cannot be written: ValueError"
    forget()


def test_refusals_wait_longer_each_time_up_to_an_hour() -> None:
    waits = [sending.wait_before(tries) for tries in range(1, sending.MOST_TRIES)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (sending.FIRST_WAIT, sending.LONGEST_WAIT)


def test_a_dead_server_costs_one_attempt_and_no_message_its_tries(
    committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        use_server(committed, monkeypatch, closed.getsockname()[1])
        refs = [queued() for _ in range(3)]
        attempts = count_deliveries(monkeypatch)
        for _ in range(4):
            sending.send_due()
    assert len(attempts) == 1
    assert {stored(ref).tries for ref in refs} == {0}
    box = Postbox()
    with served(committed, monkeypatch, box):
        run_later(sending.SERVER_PAUSE + timedelta(seconds=1))
    assert [stored(ref).status for ref in refs] == [MailStatus.SENT] * 3
    assert len(box.received) == 3


def test_a_server_that_hangs_is_given_up_within_the_time_out(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("randonumber.mail.transport.TIMEOUT_SECONDS", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        use_server(committed, monkeypatch, silent.getsockname()[1])
        ref = queued()
        sending.send_due()
    assert stored(ref).last_error in {"TimeoutError", "SMTPServerDisconnected"}
    assert stored(ref).tries == 0


def test_a_worker_that_died_while_sending_leaves_the_message_to_the_next(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = queued()
    message_id = stored(ref).message_id
    with monkeypatch.context() as patch:
        patch.setattr(sending, "note_sent", interrupt)
        with pytest.raises(KeyboardInterrupt):
            sending.send_due()
    assert stored(ref).status == MailStatus.QUEUED
    sending.send_due()
    assert len(postbox.received) == 1, "the lease still stands"
    run_later(sending.LEASE + timedelta(seconds=1))
    assert [message["Message-ID"] for message in postbox.received] == [message_id] * 2
    assert stored(ref).status == MailStatus.SENT


def test_without_a_server_each_message_is_one_file(committed: Flask) -> None:
    folder = committed.extensions["config"].instance_path / "mail"
    refs = [queued(), queued()]
    sending.send_due()
    for ref in refs:
        [file] = folder.glob(f"*{ref}.eml")
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert message["Message-ID"] == stored(ref).message_id
        assert file.stat().st_mode & 0o077 == 0, "a link in it opens an account"
    assert not list(folder.glob("*.part"))


def test_a_folder_that_cannot_be_written_leaves_the_message_queued(
    committed: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    config = replace(committed.extensions["config"], instance_path=tmp_path)
    monkeypatch.setitem(committed.extensions, "config", config)
    ref = queued()
    sending.send_due()
    assert (stored(ref).status, stored(ref).tries) == (MailStatus.QUEUED, 0)
    forget()


def test_the_sweep_asks_for_a_round_only_when_something_is_due(committed: Flask) -> None:
    with transaction() as session:
        before = jobs_waiting(session)
    sending.sweep(0)
    with transaction() as session:
        assert jobs_waiting(session) == before
    queued()
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        sending.sweep(0)
    with transaction() as session:
        assert jobs_waiting(session) == before + 2
    forget()


def test_mail_that_nobody_answers_about_is_shown_after_ten_minutes(committed: Flask) -> None:
    with clock.frozen(clock.now() - timedelta(minutes=11)):
        queued()
    assert violations() == 1
    forget()


def count_deliveries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    original = transport.deliver

    def counting(row: MailMessage) -> None:
        seen.append(row.ref)
        original(row)

    monkeypatch.setattr(sending, "deliver", counting)
    return seen


def interrupt(*_args: object) -> None:
    raise KeyboardInterrupt


def jobs_waiting(session: Any) -> int:
    count: int = session.execute(
        text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'mail.send_due'")
    ).scalar_one()
    return count


def forget() -> None:
    """Take away what was planted, so that the check after the test finds nothing."""
    with transaction() as session:
        session.execute(text("DELETE FROM mail_messages"))


def violations() -> int:
    with transaction() as session:
        [result] = [result for result in checks.run(session, prefix="L04") if result.id == "L04"]
        return result.count
