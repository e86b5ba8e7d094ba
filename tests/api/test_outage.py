"""The database goes away in the middle of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from randonumber.database import single_statements, transaction
from tests import drawing, people

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


def cut(app: Flask) -> None:
    """Leave one connection for draws, and end it at the server's side."""
    app.extensions["statements"].dispose()
    with single_statements() as connection:
        backend = connection.info.backend_pid
    with transaction() as session:
        ended = text("SELECT pg_terminate_backend(:backend, 5000)")
        assert session.execute(ended, {"backend": backend}).scalar_one()


def test_a_draw_over_a_cut_connection_may_be_sent_again_and_the_next_one_works(
    committed: Flask, client: FlaskClient
) -> None:
    person = drawing.buyer(2)
    key = people.make_key(person)
    cut(committed)
    failed = drawing.ask(client, key)
    assert (failed.status_code, failed.get_json()["code"]) == (503, "try_later")
    assert failed.headers["Retry-After"]
    assert drawing.ask(client, key).status_code == 201
    assert drawing.left(person) == 1


def test_a_lock_that_is_held_too_long_is_a_503(committed: Flask, client: FlaskClient) -> None:
    person = drawing.buyer(2)
    key = people.make_key(person)
    committed.extensions["statements"].dispose()
    with single_statements() as connection:
        connection.execute("SET lock_timeout = '50ms'")
    with transaction() as session:
        session.execute(
            text("SELECT FROM accounts WHERE user_id = :id AND is_open FOR NO KEY UPDATE"), {"id": person.id}
        )
        answer = drawing.in_a_thread(drawing.ask, client, key)
    committed.extensions["statements"].dispose()
    assert (answer.status_code, answer.get_json()["code"]) == (503, "try_later")
    assert drawing.left(person) == 2
