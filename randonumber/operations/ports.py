"""Ports for `up`: the ones asked for, or the next free ones."""

from __future__ import annotations

import socket
from typing import Final

import click

WEB: Final = 5000
_TRIES: Final = 100


def web_port(asked: str | None) -> int:
    """Return the port of the web server: PORT, or the first free one from 5000 on.

    Raises click.ClickException when the port that was asked for is taken or no port.
    """
    return _asked("PORT", asked) if asked else _first_free(WEB, taken=set())


def sandbox_port(asked: str | None, web: int) -> int:
    """Return the port of the sandbox: SANDBOX_PORT, or the first free one above the web server's."""
    return _asked("SANDBOX_PORT", asked) if asked else _first_free(web + 1, taken={web})


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of this machine now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _asked(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**16:
        message = f"{name}={text}: a port from 1 to 65535 is needed"
        raise click.ClickException(message)
    if not is_free(int(text)):
        message = f"{name}={text} is taken by another program: stop it, or choose another port"
        raise click.ClickException(message)
    return int(text)


def _first_free(start: int, taken: set[int]) -> int:
    candidates = (port for port in range(start, start + _TRIES) if port not in taken and is_free(port))
    port = next(candidates, None)
    if port is None:
        message = f"no port from {start} to {start + _TRIES - 1} is free: set PORT and SANDBOX_PORT"
        raise click.ClickException(message)
    return port
