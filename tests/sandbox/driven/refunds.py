"""Refunds and disputes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sandbox.driven.drive import RETURN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.driven.drive import Drive


def charge(on: Drive, card: str = "pm_card_visa") -> str:
    """A charge of its own over 9.00."""
    intent = on.v1.payment_intents.create(
        {"amount": 900, "currency": "usd", "payment_method": card, "confirm": True, "return_url": RETURN}
    )
    return str(intent.latest_charge)


def refund(on: Drive, card: str = "pm_card_visa") -> Any:
    """A partial refund of a charge of its own."""
    return on.v1.refunds.create({"charge": charge(on, card), "amount": 300, "metadata": {"a": "1"}})


def dispute(on: Drive) -> str:
    """An open chargeback."""
    return on.v1.disputes.list({"charge": charge(on, "pm_card_createDispute")}).data[0].id


OPERATIONS: dict[str, Callable[[Drive], Any]] = {
    "GET /v1/disputes": lambda on: on.v1.disputes.list({"charge": charge(on, "pm_card_createDispute")}),
    "GET /v1/disputes/{dispute}": lambda on: on.v1.disputes.retrieve(dispute(on)),
    "POST /v1/disputes/{dispute}": lambda on: on.v1.disputes.update(
        dispute(on), {"evidence": {"uncategorized_text": "winning_evidence"}}
    ),
    "POST /v1/disputes/{dispute}/close": lambda on: on.v1.disputes.close(dispute(on)),
    "GET /v1/refunds": lambda on: on.v1.refunds.list({"charge": refund(on).charge}),
    "POST /v1/refunds": refund,
    "GET /v1/refunds/{refund}": lambda on: on.v1.refunds.retrieve(refund(on).id),
    "POST /v1/refunds/{refund}": lambda on: on.v1.refunds.update(refund(on).id, {"metadata": {"a": ""}}),
    "POST /v1/refunds/{refund}/cancel": lambda on: on.v1.refunds.cancel(refund(on, "pm_card_pendingRefund").id),
}
ADDRESSES: dict[str, Callable[[Drive], dict[str, str]]] = {
    "/v1/disputes/{dispute}": lambda on: {"dispute": dispute(on)},
    "/v1/disputes/{dispute}/close": lambda on: {"dispute": dispute(on)},
    "/v1/refunds/{refund}": lambda on: {"refund": refund(on).id},
    "/v1/refunds/{refund}/cancel": lambda on: {"refund": refund(on, "pm_card_pendingRefund").id},
}
