"""Ports are the ones asked for, or the next free ones; a wrong one is named."""

from __future__ import annotations

import socket

import click
import pytest

from randonumber.operations import ports


def test_a_taken_port_that_was_asked_for_is_an_error_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(click.ClickException, match="taken by another program"):
            ports.web_port(str(port))
    assert ports.web_port(str(port)) == port


def test_a_default_port_that_is_taken_gives_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda port: port != ports.WEB)
    assert ports.web_port(None) == ports.WEB + 1
    assert ports.sandbox_port(None, ports.WEB - 1) == ports.WEB + 1


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "5e3", "\u0665000"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(click.ClickException, match="65535"):
        ports.web_port(text)
