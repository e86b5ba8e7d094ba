"""Others who use the same Stripe account beside the app: what they do appears in Stripe's book, and nowhere here."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from randonumber.sandbox import inprocess
from randonumber.sandbox.resources.funds.balance_transactions import Booking, book
from randonumber.sandbox.scope import unit
from tests.sandbox.driven.transfers import MANUAL

if TYPE_CHECKING:
    from tests.stripe_fixtures import StripeSandbox


@dataclass(frozen=False, kw_only=True)
class Strangers:
    """Somebody with the key of the platform and a connected account of their own."""

    sandbox: StripeSandbox
    made: list[str] = field(default_factory=list)

    @property
    def v1(self) -> Any:
        """Stripe, past the app."""
        return self.sandbox.client.v1

    @cached_property
    def seller(self) -> str:
        """A connected account whose losses the platform bears."""
        return str(self.v1.accounts.create(MANUAL).id)

    @cached_property
    def platform(self) -> str:
        """The account of the key."""
        return str(self.v1.accounts.retrieve_current().id)

    def funds(self, amount: int) -> str:
        """Take money by card that can be used at once; return the charge."""
        paying: Any = {
            "amount": amount,
            "currency": "usd",
            "payment_method": "pm_card_bypassPending",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        return str(self.v1.payment_intents.create(paying).latest_charge)

    def sends(self, amount: int, **more: Any) -> str:
        """Transfer money to the connected account."""
        sending: Any = {"amount": amount, "currency": "usd", "destination": self.seller} | more
        return str(self.v1.transfers.create(sending).id)

    def owes(self, transfer: str, amount: int) -> None:
        """Let the connected account pay out so much, and take the transfer back from it: it is below zero then."""
        self.v1.payouts.create({"amount": amount, "currency": "usd"}, {"stripe_account": self.seller})
        self.v1.transfers.reversals.create(transfer)

    def pays_out(self) -> str:
        """Send everything that can be used to the platform's bank."""
        available = self.v1.balance.retrieve().available[0].amount
        return str(self.v1.payouts.create({"amount": available, "currency": "usd"}).id)

    def books(self, kind: str, amount: int, *, fee: int = 0, source: str | None = None) -> str:
        """Let Stripe book a row of this type on the platform's balance; return its id."""
        booking = Booking(kind=kind, category=kind, amount=amount, currency="usd", source=source, fee=fee)
        with unit(inprocess.sandbox_of(self.sandbox.app), self.platform) as scope:
            return str(book(scope, booking)["id"])

    def changes(self, txn: str, **fields: Any) -> None:
        """Let Stripe say something else of a row than it said before; its balance follows the net."""
        from randonumber.sandbox.resources.funds import balance

        with unit(inprocess.sandbox_of(self.sandbox.app), self.platform) as scope:
            before = scope.get("balance_transaction", txn).body
            after = scope.save(before | fields)
            balance.move(scope, "usd", available=after["net"] - before["net"])
