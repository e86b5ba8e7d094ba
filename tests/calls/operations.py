"""Operations for the tests of the journal: what they did is kept here and in the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from randonumber import calls
from randonumber.database import transaction
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask
    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from randonumber.calls import Call, Refusal

CREATE_CUSTOMER = "POST /v1/customers"
CREATE_SESSION = "POST /v1/checkout/sessions"


@dataclass(kw_only=True)
class Told:
    """What the journal told the feature."""

    settled: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str | None]] = field(default_factory=list)


def register_customer(app: Flask) -> Told:
    """Register `customer.create`, found again by its address and ref."""
    told = Told()

    def settled(session: Session, call: Call, result: Mapping[str, Any]) -> None:
        assert session.in_transaction()
        told.settled.append((call.ref, result["id"]))

    def refused(session: Session, call: Call, refusal: Refusal) -> None:
        assert session.in_transaction()
        told.refused.append((call.ref, refusal.code))

    def find(call: Call) -> Mapping[str, Any] | None:
        return gateway().find_by_ref("customers", call.ref, email=call.params["email"])

    calls.register(app, calls.Operation(name="customer.create", settled=settled, refused=refused, find=find))
    return told


def register_session(app: Flask) -> Told:
    """Register `checkout_session.create`, found again among the sessions of its customer."""
    told = Told()

    def settled(_session: Session, call: Call, result: Mapping[str, Any]) -> None:
        told.settled.append((call.ref, result["id"]))

    def refused(_session: Session, call: Call, refusal: Refusal) -> None:
        told.refused.append((call.ref, refusal.code))

    def find(call: Call) -> Mapping[str, Any] | None:
        return gateway().find_by_ref("checkout_sessions", call.ref, customer=call.params["customer"])

    calls.register(app, calls.Operation(name="checkout_session.create", settled=settled, refused=refused, find=find))
    return told


def session_params(customer: str) -> dict[str, Any]:
    """Return the parameters of a Checkout Session over 900 cents."""
    price = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "10 credits"}}
    return {
        "mode": "payment",
        "customer": customer,
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": "http://127.0.0.1:5000/credits/purchases/pur_1",
        "cancel_url": "http://127.0.0.1:5000/credits",
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {"enabled": False},
    }


def plan_customer(ref: str = "usr_1", email: str = "buyer@example.com") -> int:
    """Plan a customer in a transaction of its own."""
    with transaction() as session:
        return calls.plan(session, operation="customer.create", ref=ref, params={"email": email})


def journal() -> list[Row[Any]]:
    """Return the journal's rows, oldest first."""
    with transaction() as session:
        return list(session.execute(text("SELECT * FROM stripe_calls ORDER BY id")))


def change(**columns: Any) -> None:
    """Set columns of every row of the journal: for moments that a test cannot wait for."""
    with transaction() as session:
        for name, value in columns.items():
            session.execute(text(f"UPDATE stripe_calls SET {name} = :value"), {"value": value})  # noqa: S608 - names
