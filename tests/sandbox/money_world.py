"""A platform and two connected accounts, what can happen to their money, and what must hold after each step."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import stripe

from randonumber.sandbox import create_sandbox, inprocess
from randonumber.sandbox.resources import HANDLERS
from randonumber.sandbox.resources.funds import payouts
from randonumber.sandbox.scope import unit
from tests.sandbox.conftest import make_sdk
from tests.sandbox.driven.connect import COMPLETE
from tests.sandbox.driven.drive import RETURN

if TYPE_CHECKING:
    from collections.abc import Callable

CARDS = (
    "pm_card_bypassPending", "pm_card_visa", "pm_card_createDispute", "pm_card_createDisputeInquiry",
    "pm_card_pendingRefund", "pm_card_refundFail", "pm_card_chargeDeclined",
)  # fmt: skip
BANKS = ("pm_usBankAccount_success", "pm_usBankAccount_accountClosed")
CONSENT: Any = {"customer_acceptance": {"type": "online", "online": {"ip_address": "127.0.0.1", "user_agent": "test"}}}
EVIDENCE = ("winning_evidence", "losing_evidence")
STANDS = {"needs_response", "under_review", "lost"}
NO_REFUND = {"failed", "canceled"}
NO_PAYOUT = {"failed", "canceled"}


class NothingThere(Exception):
    """A step had nothing to work on."""


class World:
    """The SDK on a fresh sandbox. Every step is a method that takes two numbers and may be refused."""

    def __init__(self) -> None:
        self.sandbox = create_sandbox()
        self.v1: Any = make_sdk(self.sandbox).v1
        self.platform = self.v1.accounts.retrieve_current().id
        daily = self.v1.accounts.create(COMPLETE | {"settings": {"payouts": {"schedule": {"interval": "daily"}}}}).id
        closed = COMPLETE["external_account"] | {"account_number": "000111111113"}
        manual = {"settings": {"payouts": {"schedule": {"interval": "manual"}}}, "external_account": closed}
        self.accounts = [self.platform, daily, self.v1.accounts.create(COMPLETE | manual).id]
        self.pay_by_card(100_000, 0)
        self.transfer(10_000, 0)
        self.transfer(10_000, 1)

    def acting(self, number: int) -> Any:
        return {"stripe_account": self.accounts[number % len(self.accounts)]}

    def step(self, name: str, first: int, second: int) -> None:
        """Do it, or be refused; a refusal moves nothing, which the rules below see."""
        with suppress(stripe.InvalidRequestError, stripe.CardError, NothingThere):
            getattr(self, name)(first, second)

    def pay_by_card(self, amount: int, card: int) -> None:
        self.pay(amount, CARDS[card % len(CARDS)], {})

    def pay_by_bank(self, amount: int, bank: int) -> None:
        more = {"payment_method_types": ["us_bank_account"], "mandate_data": CONSENT}
        self.pay(amount, BANKS[bank % len(BANKS)], more)

    def pay(self, amount: int, method: str, more: Any) -> None:
        order = {"amount": amount, "currency": "usd", "payment_method": method, "confirm": True, "return_url": RETURN}
        self.v1.payment_intents.create(order | more)

    def refund(self, which: int, amount: int) -> None:
        charge = self.one(self.v1.charges, which)
        part = {"amount": min(amount, charge.amount)} if which % 2 else {}
        self.v1.refunds.create({"charge": charge.id} | part)

    def decide_dispute(self, which: int, won: int) -> None:
        dispute = self.one(self.v1.disputes, which)
        evidence = {"uncategorized_text": EVIDENCE[won % 2]}
        self.v1.disputes.update(dispute.id, {"evidence": evidence, "submit": True})

    def transfer(self, amount: int, to: int) -> None:
        order = {"amount": amount, "currency": "usd", "destination": self.accounts[1 + to % 2]}
        self.v1.transfers.create(order)

    def transfer_from_charge(self, which: int, to: int) -> None:
        charge = self.one(self.v1.charges, which)
        order = {"amount": 1 + charge.amount // 2, "currency": "usd", "destination": self.accounts[1 + to % 2]}
        self.v1.transfers.create(order | {"source_transaction": charge.id})

    def reverse(self, which: int, amount: int) -> None:
        transfer = self.one(self.v1.transfers, which)
        self.v1.transfers.reversals.create(transfer.id, {"amount": min(amount, transfer.amount)} if which % 2 else {})

    def pay_out(self, amount: int, account: int) -> None:
        self.v1.payouts.create({"amount": 1 + amount % 5000, "currency": "usd"}, self.acting(account))

    def cancel_payout(self, which: int, account: int) -> None:
        there, payout = self.payout(which, account)
        self.v1.payouts.cancel(payout.id, {}, there)

    def reverse_payout(self, which: int, account: int) -> None:
        there, payout = self.payout(which, account)
        self.v1.payouts.reverse(payout.id, {}, there)

    def fail_payout(self, which: int, account: int) -> None:
        there, payout = self.payout(which, account)
        if payout.status not in NO_PAYOUT:
            with unit(inprocess.sandbox_of(self.sandbox), there["stripe_account"]) as scope:
                payouts.fail(scope, payout.id)

    def payout(self, which: int, account: int) -> tuple[Any, Any]:
        """A payout and whose it is: of this account, or of the next one that has any."""
        for number in range(account, account + len(self.accounts)):
            if self.all("payouts", self.acting(number)["stripe_account"]):
                return self.acting(number), self.one(self.v1.payouts, which, self.acting(number))
        raise NothingThere

    def wait(self, hours: int, _: int) -> None:
        inprocess.advance(self.sandbox, hours % 200 * 3600)

    def one(self, service: Any, which: int, there: Any = None) -> Any:
        """One of the things there are. Raises NothingThere when there is none."""
        found = service.list({"limit": 100}, there or {}).data
        if not found:
            raise NothingThere
        return found[which % len(found)]

    def all(self, what: str, account: str) -> list[dict[str, Any]]:
        """Everything that the API lists, read in the sandbox: as JSON, without the wire and the SDK's objects."""
        found: list[dict[str, Any]] = []
        with unit(inprocess.sandbox_of(self.sandbox), account) as scope:
            page: dict[str, Any] = {"has_more": True}
            while page["has_more"]:
                after = {"starting_after": found[-1]["id"]} if found else {}
                page = HANDLERS[f"GET /v1/{what}"](scope, {"limit": 100} | after)
                found += page["data"]
        return found

    def check_balances(self) -> dict[str, Any]:
        """Each account's balance is the sum of its balance transactions; returns those, by id."""
        self.owed: dict[str, int] = {}
        self.held = 0
        entries = {account: self.all("balance_transactions", account) for account in self.accounts}
        for account, found in entries.items():
            self.held += self.check_balance(account, found)
        assert sum(self.owed.values()) == 0  # the platform bears the losses of both accounts, and holds as much back
        return {entry["id"]: entry for found in entries.values() for entry in found}

    def check(self) -> None:
        """Nothing is created or lost, and transfers have two sides."""
        entries = self.check_balances()
        assert self.held == self.brought() - self.sent() - sum(entry["fee"] for entry in entries.values())
        self.check_transfers(entries)

    def check_balance(self, account: str, entries: list[Any]) -> int:
        """The same to the cent by three ways to count; returns what the account holds."""
        with unit(inprocess.sandbox_of(self.sandbox), account) as scope:
            balance = HANDLERS["GET /v1/balance"](scope, {})
        available, pending, reserved = (
            sum(part["amount"] for part in balance[state]) for state in ("available", "pending", "connect_reserved")
        )
        sums: Counter[str] = Counter()
        for entry in entries:
            assert entry["net"] == entry["amount"] - entry["fee"]
            sums[entry["status"]] += entry["net"]
            sums["reserved"] -= entry["net"] if entry["type"] == "reserve_transaction" else 0
        assert (available, pending, reserved) == (sums["available"], sums["pending"], sums["reserved"]), account
        self.owed[account] = max(0, -available) if account != self.platform else -reserved
        return int(available + pending + reserved)

    def brought(self) -> int:
        """What buyers paid and did not get back."""
        paid = sum(one["amount"] for one in self.all("charges", self.platform) if one["status"] == "succeeded")
        refunds = self.all("refunds", self.platform)
        back = sum(one["amount"] for one in refunds if one["status"] not in NO_REFUND)
        disputes = self.all("disputes", self.platform)
        return int(paid - back - sum(one["amount"] for one in disputes if one["status"] in STANDS))

    def sent(self) -> int:
        """What left for banks."""
        found = [one for account in self.accounts for one in self.all("payouts", account)]
        return sum(int(one["amount"]) for one in found if one["status"] not in NO_PAYOUT)

    def check_transfers(self, entries: dict[str, Any]) -> None:
        """What one side gives the other side gets, at the same time; a transfer's reversals are never more than it."""
        there = self.accounts[1:]
        payments = {one["id"]: one for account in there for one in self.all("charges", account)}
        refunds = {one["id"]: one for account in there for one in self.all("refunds", account)}
        for transfer in self.all("transfers", self.platform):
            payment = payments[transfer["destination_payment"]]
            mirrored(entries[transfer["balance_transaction"]], entries[payment["balance_transaction"]])
            assert payment["amount_refunded"] == transfer["amount_reversed"] <= transfer["amount"]
            for reversal in transfer["reversals"]["data"]:
                refund = refunds[reversal["destination_payment_refund"]]
                mirrored(entries[reversal["balance_transaction"]], entries[refund["balance_transaction"]])


def mirrored(here: Any, there: Any) -> None:
    assert (here["net"], here["status"], here["available_on"]) == (
        -there["net"],
        there["status"],
        there["available_on"],
    )


STEPS: dict[str, Callable[[World, int, int], None]] = {
    name: getattr(World, name)
    for name in (
        "pay_by_card", "pay_by_bank", "refund", "decide_dispute", "transfer", "transfer_from_charge", "reverse",
        "pay_out", "cancel_payout", "reverse_payout", "fail_payout", "wait",
    )
}  # fmt: skip
