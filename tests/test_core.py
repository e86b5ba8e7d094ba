"""Time, references and logs."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from randonumber import clock, ids, logs
from randonumber.database import TransactionOpen, refuse_inside_transaction, transaction

if TYPE_CHECKING:
    from flask import Flask


def test_a_reference_says_what_it_names_and_cannot_be_guessed() -> None:
    refs = {ids.new_ref("drw") for _ in range(1000)}
    assert len(refs) == 1000
    assert all(ref.startswith("drw_") and len(ref) == 30 and set(ref[4:]) <= set(ids.ALPHABET) for ref in refs)


def test_time_stands_still_where_a_test_wants_it() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    with clock.frozen(moment):
        assert clock.now() == moment
    assert clock.now() > moment
    assert clock.from_timestamp(0) == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_log_line_stays_one_line_of_json() -> None:
    record = logging.makeLogRecord({"msg": "sign_in", "levelname": "INFO", "user": "a\nb\r\n{}"})
    token = logs.request_id.set("req-12345678")
    try:
        line = logs.JsonLines().format(record)
    finally:
        logs.request_id.reset(token)
    assert "\n" not in line
    fields = json.loads(line)
    assert fields["event"] == "sign_in"
    assert fields["user"] == "a\nb\r\n{}"
    assert fields["request_id"] == "req-12345678"


def test_transactions_do_not_nest_and_nothing_calls_out_inside_one(committed: Flask) -> None:
    refuse_inside_transaction()
    with transaction(), pytest.raises(TransactionOpen), transaction():
        pass
    with transaction(), pytest.raises(TransactionOpen):
        refuse_inside_transaction()
    refuse_inside_transaction()


def test_an_error_of_the_database_keeps_the_parameters_to_itself(committed: Flask) -> None:
    with pytest.raises(DBAPIError) as caught, transaction() as session:
        session.execute(text("SELECT 1 / 0, CAST(:link AS text)"), {"link": "a-link-that-opens-an-account"})
    assert "a-link" not in str(caught.value)
