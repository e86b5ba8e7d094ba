"""`inbox list|show|replay`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber import inbox
from randonumber.ledger import Move, accounts
from randonumber.ledger import post as post_to_ledger
from tests.inbox.signing import event, post, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.testing import Result
    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from tests.stripe_fixtures import RunJobs


@pytest.fixture
def one_cent(committed: Flask) -> Iterator[None]:
    """Book one cent for each event."""

    def handle(found: inbox.StripeEvent) -> inbox.Effect:
        def effect(session: Session) -> None:
            move = Move(source=accounts.STRIPE_BALANCE, destination=accounts.UNMATCHED, amount=1)
            post_to_ledger(session, kind="unmatched", ref=found.id, entries=[move], actor=found.actor)

        return effect

    inbox.register(committed, "test.happened", handle)
    yield
    committed.extensions["event_handlers"].pop("test.happened")


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["inbox", *arguments])


def test_list_names_every_event_and_can_ask_for_one_state(
    one_cent: None, client: FlaskClient, committed: Flask, run_jobs: RunJobs
) -> None:
    post(client, event("evt_done"))
    run_jobs()
    post(client, event("evt_ignored", kind="price.created"))

    every = run(committed, "list").output
    assert "evt_done" in every
    assert "evt_ignored" in every
    only = run(committed, "list", "--status", "ignored").output
    assert "evt_done" not in only
    assert "nobody handles this type" in only


def test_show_prints_the_ledger_rows_that_an_event_caused(
    one_cent: None, client: FlaskClient, committed: Flask, run_jobs: RunJobs
) -> None:
    post(client, event("evt_1"))
    assert "no ledger rows" in run(committed, "show", "evt_1").output

    run_jobs()

    shown = run(committed, "show", "evt_1", "--body").output
    assert "unmatched evt_1  1 usd  stripe:balance -> unmatched" in shown
    assert '"pending_webhooks": 1' in shown


def test_replay_has_an_event_handled_again(
    one_cent: None, client: FlaskClient, committed: Flask, run_jobs: RunJobs
) -> None:
    post(client, event("evt_1"))
    run_jobs()

    assert run(committed, "replay", "evt_1").exit_code == 0
    assert stored()[0].status == "pending"

    run_jobs()
    assert stored()[0].status == "done"


def test_an_ignored_event_can_be_taken_up_once_somebody_handles_its_type(
    client: FlaskClient, committed: Flask, run_jobs: RunJobs, request: pytest.FixtureRequest
) -> None:
    post(client, event("evt_1"))
    assert stored()[0].status == "ignored"
    request.getfixturevalue("one_cent")

    run(committed, "replay", "evt_1")
    run_jobs()

    assert stored()[0].status == "done"


@pytest.mark.parametrize("command", ["show", "replay"])
def test_an_unknown_event_is_named(command: str, committed: Flask) -> None:
    result = run(committed, command, "evt_missing")

    assert result.exit_code == 1
    assert "there is no event evt_missing" in result.output
