"""Sweeps: what asks Stripe for things that were missed. `stripe sync` runs every one; each is safe to run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

    Sweep = Callable[[], int]


def register(app: Flask, name: str, sweep: Sweep) -> None:
    """Let `stripe sync` run `sweep` under this name.

    It opens its own transactions and returns how many things it brought up to date. The order of registration is
    the order in which they run.
    """
    app.extensions.setdefault("sweeps", {})[name] = sweep


def registered(app: Flask) -> Iterator[tuple[str, Sweep]]:
    """Yield every sweep with its name."""
    yield from app.extensions.get("sweeps", {}).items()
