"""Whose a payment is: each feature that takes money names itself by the refs that it puts into metadata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from flask import current_app

from randonumber.database import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction, CheckoutSession, PaymentIntent

Effect = Callable[["Session"], None]


class EffectOfSession(Protocol):
    """What a Checkout Session does to its owner's row."""

    def __call__(self, ref: str, found: CheckoutSession, *, actor: str) -> Effect | None:
        """Return what a session as it is now does to the row `ref`; None while it may be paid. Calls the network."""


class EffectOfIntent(Protocol):
    """What a payment does to its owner's row."""

    def __call__(self, ref: str, intent: PaymentIntent, *, actor: str, with_reversals: bool = False) -> Effect | None:
        """Return what a payment as it is now does to the row `ref`. Calls the network.

        `with_reversals`: its refunds and disputes are read whatever its charge shows.
        """


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A feature that takes money: refs begin with `prefix`, and stand in a payment's metadata under `key`.

    `find_posting` returns the ledger transaction that posted the gross amount of a row of Stripe's book, or None.
    """

    prefix: str
    key: str
    is_known: Callable[[Session, str], bool]
    effect_of_session: EffectOfSession
    effect_of_intent: EffectOfIntent
    find_posting: Callable[[Session, BalanceTransaction], int | None]


@dataclass(frozen=True, kw_only=True)
class Owned:
    """A row that a payment belongs to."""

    owner: Owner
    ref: str


def register(app: Flask, owner: Owner) -> None:
    """Let `owner` have the payments that carry its refs. Safe to call again."""
    app.extensions.setdefault("payment_owners", {})[owner.prefix] = owner


def registered() -> list[Owner]:
    """Return every owner."""
    return list(current_app.extensions.get("payment_owners", {}).values())


def of_ref(ref: str | None) -> Owned | None:
    """Return whose the ref is, if it names a row here: others share our Stripe account and may use the same fields."""
    for owner in registered():
        if ref and ref.startswith(owner.prefix) and "\x00" not in ref:
            with transaction() as session:
                return Owned(owner=owner, ref=ref) if owner.is_known(session, ref) else None
    return None


def of_metadata(metadata: Mapping[str, str]) -> Owned | None:
    """Return whose the payment is that carries this metadata; None when it is not one of ours."""
    for owner in registered():
        ref = metadata.get(owner.key, "")
        if ref.startswith(owner.prefix):
            return of_ref(ref)
    return None
