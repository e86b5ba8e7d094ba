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


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What belongs to one operation of the gateway's table, such as `checkout_session.create`.

    `settled` and `refused` are building blocks: they run in the transaction that closes the journal's row. They may
    take locks of their own; nobody who waits for those may wait for the journal's row. `find` runs with no
    transaction open and returns Stripe's object that carries `metadata.ref` of this call, reading all pages of a
    list; None in its place means that a second object would do no harm, so that nothing is ever looked up. An
    operation that makes no object but moves one (`is_marked` False) gets no `metadata.ref`: its `find` reads the object
    that its parameters name, and returns it once it has moved.
    """

    name: str
    settled: Settled
    refused: Refused
    find: Find | None = None
    is_marked: bool = True


class UnknownOperation(LookupError):
    """No feature has registered this operation: a bug."""


def register(app: Flask, operation: Operation) -> None:
    """Let the journal drive `operation`. The last registration of a name counts."""
    app.extensions.setdefault("stripe_operations", {})[operation.name] = operation


def get_operation(app: Flask, name: str) -> Operation:
    """Return the registered operation. Raises UnknownOperation."""
    try:
        operation: Operation = app.extensions.get("stripe_operations", {})[name]
    except KeyError:
        message = f"no feature has registered the operation {name}"
        raise UnknownOperation(message) from None
    return operation
