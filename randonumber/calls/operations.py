"""The registry of outbound operations: what a feature does once Stripe has answered, and how it looks one up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True)
class Call:
    """One attempt of an outbound write, as its operation sees it. `params` are the frozen ones."""

    id: int
    operation: str
    ref: str
    attempt: int
    key: str
    params: Mapping[str, Any]
    stripe_account: str | None


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why Stripe said no for good; `decline_code` is what the bank said of a card."""

    code: str | None
    message: str
    param: str | None
    status: int
    decline_code: str | None = None


Settled = Callable[["Session", Call, Mapping[str, Any]], None]
Refused = Callable[["Session", Call, Refusal], None]
Find = Callable[[Call], Mapping[str, Any] | None]
Noticed = Callable[["Session", Call], None]
Check = Callable[[Call], "Refusal | None"]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What belongs to one operation of the gateway's table, such as `checkout_session.create`.

    Several features may share one: `of` is how the refs begin that this registration is for (`pur_`).

    `settled` and `refused` are building blocks: they run in the transaction that closes the journal's row. They may
    take locks of their own; nobody who waits for those may wait for the journal's row. `find` runs with no
    transaction open and returns Stripe's object that carries `metadata.ref` of this call, reading all pages of a
    list; None in its place means that a second object would do no harm, so that nothing is ever looked up. An
    operation that makes no object but moves one (`is_marked` False) gets no `metadata.ref`: its `find` reads the object
    that its parameters name, and returns it once it has moved.

    `sending` is told in the transaction before an attempt's first request goes out, `unsent` in the one that found that
    it never happened, for want of funds or of an answer to `check`: both are building blocks like `settled`.

    `check` runs just before an attempt's first request, with no transaction open, and returns why it must not go out:
    then it never happened, and `refused` is told. It may ask Stripe; when that raises StripeUnavailable, or it raises
    NotNow itself, nothing goes out, and the attempt waits.
    """

    name: str
    settled: Settled
    refused: Refused
    find: Find | None = None
    is_marked: bool = True
    of: str = ""
    sending: Noticed | None = None
    unsent: Noticed | None = None
    check: Check | None = None


class NotNow(Exception):
    """Raised by a `check`, with the reason: the attempt waits, and is asked about again."""


class UnknownOperation(LookupError):
    """No feature has registered this operation: a bug."""


def register(app: Flask, operation: Operation) -> None:
    """Let the journal drive `operation`. The last registration of a name and its `of` counts."""
    app.extensions.setdefault("stripe_operations", {})[operation.name, operation.of] = operation


def get_operation(app: Flask, name: str, ref: str) -> Operation:
    """Return the operation of this name that is registered for such refs. Raises UnknownOperation."""
    registered: Mapping[tuple[str, str], Operation] = app.extensions.get("stripe_operations", {})
    fitting = [operation for (known, of), operation in registered.items() if known == name and ref.startswith(of)]
    if not fitting:
        message = f"no feature has registered the operation {name} for {ref}"
        raise UnknownOperation(message)
    return max(fitting, key=lambda operation: len(operation.of))
