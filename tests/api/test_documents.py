"""Every command on the API's page does what the page says."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from randonumber.config import ROOT
from tests import drawing, people

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

PAGE = (ROOT / "docs" / "api.md").read_text()


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]


def run(client: FlaskClient, command: str) -> TestResponse:
    """Do what curl would do."""
    words = shlex.split(command)
    assert words.pop(0) == "curl"
    method, body, headers, address = "GET", None, {}, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        else:
            address = word
    parts = urlsplit(address)
    return client.open(f"{parts.path}?{parts.query}", method=method, data=body, headers=headers)


def test_every_command_works(client: FlaskClient) -> None:
    key = people.make_key(drawing.buyer(20))
    draw = drawing.ask(client, key).get_json()["draw"]
    known = {"$BASE": "http://127.0.0.1:5000", "$KEY": key, "$DRAW": draw}
    ran = commands()
    assert len(ran) >= 8
    for command in ran:
        whole = command
        for name, value in known.items():
            whole = whole.replace(name, value)
        answer = run(client, whole)
        assert answer.status_code < 300, (command, answer.text)


def test_every_answer_shown_has_the_members_of_a_true_one(client: FlaskClient) -> None:
    key = people.make_key(drawing.buyer(4))
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    shown = [block for block in blocks if "withdrawal" not in block]  # tests/api/test_withdrawals.py
    true = [
        drawing.ask(client, key, {"type": "integer", "min": 1, "max": 6, "n": 3}),
        drawing.ask(client, key, {"min": 1, "max": 6, "n": 3}),
        client.post("/api/v1/number/", headers=people.bearer(key)),
        drawing.ask(client, key, {"min": 1, "max": 6, "n": 0}),
    ]
    assert [set(example) for example in shown] == [set(answer.get_json()) for answer in true]
