"""The webhook: what is Stripe's is stored once and acknowledged, what is not leaves nothing (section 5.2)."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from randonumber import failpoints, inbox
from tests.inbox.signing import digest, event, post, sign, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

BODY = json.dumps(event("evt_1")).encode()


@pytest.fixture
def effects(committed: Flask) -> Iterator[list[str]]:
    """Yield the ids of the events that had their effect; `test.happened` has one handler here."""
    had: list[str] = []
    handlers = committed.extensions.setdefault("event_handlers", {})

    def handle(found: inbox.StripeEvent) -> inbox.Effect:
        def effect(_session: Session) -> None:
            had.append(found.id)

        return effect

    inbox.register(committed, "test.happened", handle)
    yield had
    del handlers["test.happened"]


def test_a_good_event_is_stored_and_acknowledged_before_it_has_any_effect(
    effects: list[str], client: FlaskClient
) -> None:
    answer = post(client, BODY)

    assert answer.status_code == 200
    (row,) = stored()
    assert (row.id, row.type, row.object_id, row.status, row.body) == (
        "evt_1",
        "test.happened",
        "obj_1",
        "pending",
        BODY.decode(),
    )
    assert effects == []


FORGED: dict[str, Callable[[int], str]] = {
    "no header": lambda _: "",
    "wrong secret": lambda _: sign(BODY, secret="whsec_other"),
    "v0 alone": lambda _: sign(BODY, scheme="v0"),
    "another body": lambda _: sign(BODY + b" "),
    "reserialised body": lambda _: sign(json.dumps(json.loads(BODY), indent=1).encode()),
    "no timestamp": lambda now: f"v1={digest(BODY, now)}",
    "two timestamps": lambda now: f"t={now},t={now},v1={digest(BODY, now)}",
    "a timestamp of words": lambda now: f"t=now,v1={digest(BODY, now)}",
    "a negative timestamp": lambda _: f"t=-1,v1={digest(BODY, -1)}",
    "a huge timestamp": lambda now: f"t={'9' * 400},v1={digest(BODY, now)}",
    "a non-ASCII signature": lambda now: f"t={now},v1=é{digest(BODY, now)[1:]}",
    "a signature in capitals": lambda now: f"t={now},v1={digest(BODY, now).upper()}",
    "another time than was signed": lambda now: f"t={now + 1},v1={digest(BODY, now)}",
    "stale": lambda _: sign(BODY, age=301),
    "from the future": lambda _: sign(BODY, age=-303),
    "the other endpoint's secret": lambda _: sign(BODY, secret="whsec_sandbox_connect"),
    "commas alone": lambda _: ",,,,=,=,",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_or_stale_event_is_refused_and_leaves_nothing(
    name: str, effects: list[str], client: FlaskClient
) -> None:
    answer = post(client, BODY, FORGED[name](int(time.time())))

    assert answer.status_code == 400
    assert stored() == []


MALFORMED = {
    "nothing": b"",
    "an array": b"[]",
    "null": b"null",
    "a number": b"17",
    "a string": b'"evt_1"',
    "no JSON": b"{",
    "form data": b"id=evt_1&type=test.happened",
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "deeply nested": b"[" * 100_000,
    "a number without end": b'{"id": ' + b"9" * 6000 + b"}",
    "an empty object": b"{}",
    "data that is a list": json.dumps(event(data=[])).encode(),
    "data without an object": json.dumps(event(data={})).encode(),
    "an object that is a list": json.dumps(event(data={"object": []})).encode(),
    "an id that is a number": json.dumps(event() | {"id": 7}).encode(),
    "an id of something else": json.dumps(event("cus_1")).encode(),
    "an id with a NUL": json.dumps(event("evt_\x00")).encode(),
    "an id with a surrogate": b'{"id": "evt_\\ud800"}',
    "an id of 300 letters": json.dumps(event("evt_" + "a" * 300)).encode(),
    "a type with spaces": json.dumps(event(kind="a b")).encode(),
    "a type that is null": json.dumps(event() | {"type": None}).encode(),
    "an object id that is a list": json.dumps(event(data={"object": {"id": []}})).encode(),
    "an account that is an object": json.dumps(event(account={})).encode(),
    "a time of words": json.dumps(event(created="now")).encode(),
    "a time that is true": json.dumps(event(created=True)).encode(),
    "a time beyond time": json.dumps(event(created=10**18)).encode(),
    "a negative time": json.dumps(event(created=-1)).encode(),
    "a mode of words": json.dumps(event(livemode="false")).encode(),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_event_is_refused_even_with_a_good_signature(name: str, client: FlaskClient) -> None:
    answer = post(client, MALFORMED[name])

    assert answer.status_code == 400
    assert stored() == []


def test_a_text_inside_an_event_may_hold_anything_that_json_can(effects: list[str], client: FlaskClient) -> None:
    odd = event(data={"object": {"id": "obj_1", "name": "NUL \x00, surrogate \ud800, 'quote', \u202e"}})

    assert post(client, odd).status_code == 200
    assert json.loads(stored()[0].body) == odd


def test_a_body_of_over_256_kib_is_refused_before_anything_else(client: FlaskClient) -> None:
    answer = post(client, event(padding="x" * 257 * 1024))

    assert answer.status_code == 413
    assert stored() == []


def test_a_body_of_almost_256_kib_is_taken(effects: list[str], client: FlaskClient) -> None:
    assert post(client, event(padding="x" * 255 * 1024)).status_code == 200


def test_only_post_is_taken(client: FlaskClient) -> None:
    assert client.get("/webhooks/stripe").status_code == 405
    assert client.put("/webhooks/stripe", data=BODY).status_code == 405


@pytest.mark.parametrize("age", [299, -298])
def test_a_clock_may_be_five_minutes_off_either_way(age: int, effects: list[str], client: FlaskClient) -> None:
    assert post(client, BODY, sign(BODY, age=age)).status_code == 200


def test_one_good_signature_among_several_is_enough(effects: list[str], client: FlaskClient) -> None:
    now = int(time.time())
    header = f"t={now},v0=zz,v1={'0' * 64},v1={digest(BODY, now)}"

    assert post(client, BODY, header).status_code == 200


def test_while_a_secret_is_rolled_both_are_accepted(
    effects: list[str], client: FlaskClient, committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    config = replace(committed.extensions["config"], stripe_webhook_secret="whsec_new, whsec_sandbox")
    monkeypatch.setitem(committed.extensions, "config", config)

    assert post(client, BODY, sign(BODY, secret="whsec_new")).status_code == 200
    assert post(client, BODY, sign(BODY)).status_code == 200
    assert post(client, BODY, sign(BODY, secret="")).status_code == 400


def test_without_a_secret_nothing_is_accepted(
    client: FlaskClient, committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    config = replace(committed.extensions["config"], stripe_webhook_secret=None)
    monkeypatch.setitem(committed.extensions, "config", config)

    assert post(client, BODY, sign(BODY, secret="")).status_code == 400


@pytest.mark.pain(25)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"livemode": True}, "another mode"),
        ({"account": "acct_stranger"}, "an unknown account"),
        ({"type": "price.created"}, "nobody handles this type"),
    ],
)
def test_what_is_not_for_us_is_kept_as_ignored(
    changes: dict[str, Any], reason: str, effects: list[str], client: FlaskClient
) -> None:
    answer = post(client, event() | changes)

    assert answer.status_code == 200
    (row,) = stored()
    assert (row.status, row.reason) == ("ignored", reason)


def test_the_connect_endpoint_has_its_own_secret(effects: list[str], client: FlaskClient) -> None:
    url = "/webhooks/stripe/connect"

    assert post(client, BODY, url=url).status_code == 400
    assert post(client, BODY, sign(BODY, secret="whsec_sandbox_connect"), url=url).status_code == 200


@pytest.mark.pain(2)
def test_the_same_event_at_both_endpoints_is_one_event(effects: list[str], client: FlaskClient) -> None:
    post(client, BODY, sign(BODY, secret="whsec_sandbox_connect"), url="/webhooks/stripe/connect")
    post(client, BODY)

    assert len(stored()) == 1


@pytest.mark.pain(1)
def test_the_same_event_sixteen_times_at_once_is_stored_once_and_always_acknowledged(
    effects: list[str], committed: Flask
) -> None:
    statuses: list[int] = []

    def deliver() -> None:
        statuses.append(post(committed.test_client(), BODY).status_code)

    threads = [threading.Thread(target=deliver) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 16
    assert len(stored()) == 1


def test_dying_between_storing_and_answering_loses_nothing(effects: list[str], client: FlaskClient) -> None:
    failpoints.arm({"after_inbox": "raise"})
    with pytest.raises(failpoints.FailpointRaised):
        post(client, BODY)

    assert post(client, BODY).status_code == 200, "Stripe repeats"
    assert len(stored()) == 1
