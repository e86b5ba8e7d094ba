"""Sweeps: what asks Stripe for things that were missed. `stripe sync` runs every one; each is safe to run again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from randonumber.stripe_gateway import StripeRefused, StripeUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flask import Flask

    Sweep = Callable[[], int]

log = logging.getLogger(__name__)
FAILURES_IN_A_ROW: Final = 3


def register(app: Flask, name: str, sweep: Sweep) -> None:
    """Let `stripe sync` run `sweep` under this name.

    It opens its own transactions and returns how many things it brought up to date. The order of registration is
    the order in which they run.
    """
    app.extensions.setdefault("sweeps", {})[name] = sweep


def registered(app: Flask) -> Iterator[tuple[str, Sweep]]:
    """Yield every sweep with its name."""
    yield from app.extensions.get("sweeps", {}).items()


def ask_each(refs: Iterable[str], ask: Callable[[str], bool], put_off: Callable[[str], None], *, what: str) -> int:
    """Ask Stripe about one after the other, and return about how many `ask` says that something has moved.

    One that makes trouble is put off, so that the others go first next time. Raises StripeUnavailable when Stripe does
    not answer at all, or answers FAILURES_IN_A_ROW with errors: whatever was not asked about stays due.
    """
    moved = failures = 0
    for ref in refs:
        try:
            moved += ask(ref)
            failures = 0
        except StripeUnavailable as error:
            put_off(ref)
            failures += 1
            if error.status is None or failures >= FAILURES_IN_A_ROW:
                raise
        except StripeRefused as refusal:  # one must not stop the rest
            log.error("refresh_refused", extra={what: ref, "code": refusal.code})  # noqa: TRY400
            put_off(ref)
        except Exception:  # the worker's loop, likewise
            log.exception("refresh_failed", extra={what: ref})
            put_off(ref)
    return moved
