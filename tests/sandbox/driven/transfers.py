"""Transfers, reversals and payouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from randonumber.sandbox import inprocess
from tests.sandbox.driven.connect import COMPLETE
from tests.sandbox.driven.drive import RETURN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.driven.drive import Drive

MANUAL: Any = COMPLETE | {"settings": {"payouts": {"schedule": {"interval": "manual"}}}}
PAYOUT: Any = {"amount": 500, "currency": "usd"}


def fund(on: Any, amount: int = 10_000) -> Any:
    """Money that the platform can spend at once."""
    return on.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "usd",
            "payment_method": "pm_card_bypassPending",
            "confirm": True,
            "return_url": RETURN,
            "expand": ["latest_charge"],
        }
    ).latest_charge


def transfer(on: Any) -> Any:
    """A transfer of 20.00 to a new account."""
    fund(on)
    return on.v1.transfers.create({"amount": 2000, "currency": "usd", "destination": on.v1.accounts.create(MANUAL).id})


def reversal(on: Any) -> Any:
    """A reversal of 5.00 of it."""
    return on.v1.transfers.reversals.create(transfer(on).id, {"amount": 500})


def payout(on: Any) -> Any:
    """A payout of 5.00 of the platform."""
    fund(on)
    return on.v1.payouts.create(PAYOUT)


def reverse(on: Any) -> Any:
    """A payout of a connected account, reversed once it is with the bank."""
    there = {"stripe_account": transfer(on).destination}
    made = on.v1.payouts.create(PAYOUT, there)
    inprocess.advance(on.sandbox, 86400)
    return on.v1.payouts.reverse(made.id, {}, there)


OPERATIONS: dict[str, Callable[[Drive], Any]] = {
    "GET /v1/payouts": lambda on: (payout(on), on.v1.payouts.list())[1],
    "POST /v1/payouts": payout,
    "GET /v1/payouts/{payout}": lambda on: on.v1.payouts.retrieve(payout(on).id),
    "POST /v1/payouts/{payout}": lambda on: on.v1.payouts.update(payout(on).id, {"metadata": {"a": "1"}}),
    "POST /v1/payouts/{payout}/cancel": lambda on: on.v1.payouts.cancel(payout(on).id),
    "POST /v1/payouts/{payout}/reverse": reverse,
    "GET /v1/transfers": lambda on: (transfer(on), on.v1.transfers.list())[1],
    "POST /v1/transfers": transfer,
    "GET /v1/transfers/{transfer}": lambda on: on.v1.transfers.retrieve(transfer(on).id),
    "POST /v1/transfers/{transfer}": lambda on: on.v1.transfers.update(transfer(on).id, {"metadata": {"a": "1"}}),
    "GET /v1/transfers/{id}/reversals": lambda on: on.v1.transfers.reversals.list(str(reversal(on).transfer)),
    "POST /v1/transfers/{id}/reversals": reversal,
    "GET /v1/transfers/{transfer}/reversals/{id}": lambda on: on.v1.transfers.reversals.retrieve(*of(reversal(on))),
    "POST /v1/transfers/{transfer}/reversals/{id}": lambda on: on.v1.transfers.reversals.update(
        *of(reversal(on)), {"metadata": {"a": "1"}}
    ),
}


def of(made: Any) -> tuple[str, str]:
    """The transfer's id and the reversal's."""
    return str(made.transfer), made.id


def names(made: Any) -> dict[str, str]:
    """The same for an address."""
    return {"transfer": str(made.transfer), "id": made.id}


ADDRESSES: dict[str, Callable[[Drive], dict[str, str]]] = {
    "/v1/payouts/{payout}": lambda on: {"payout": payout(on).id},
    "/v1/payouts/{payout}/cancel": lambda on: {"payout": payout(on).id},
    "/v1/payouts/{payout}/reverse": lambda on: {"payout": payout(on).id},
    "/v1/transfers/{transfer}": lambda on: {"transfer": transfer(on).id},
    "/v1/transfers/{id}/reversals": lambda on: {"id": transfer(on).id},
    "/v1/transfers/{transfer}/reversals/{id}": lambda on: names(reversal(on)),
}
