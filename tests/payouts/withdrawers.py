"""Somebody with money in the wallet and an account at Stripe, and what may happen to a withdrawal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from randonumber import clock, ids, ledger
from randonumber.database import transaction
from randonumber.ledger import Move, accounts, queries
from randonumber.payouts.models import PayoutAccount, Withdrawal
from randonumber.payouts.service.withdrawals import cancelling
from randonumber.payouts.service.withdrawals.requesting import Asker, withdraw
from randonumber.reconciliation.service import reconcile, sync_mirror
from randonumber.sandbox.inprocess_connect import onboard
from tests.people import make_user
from tests.sandbox.driven.connect import ASKED, LINK
from tests.sandbox.driven.transfers import fund

if TYPE_CHECKING:
    from randonumber.payouts.service.withdrawals.reasons import Asked
    from tests.people import Person
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

CREATE = "POST /v1/transfers"
MANUAL: Any = {"payouts": {"schedule": {"interval": "manual"}}}


@dataclass(frozen=True, kw_only=True)
class Withdrawer:
    """Somebody who withdraws, through the services. Money in the wallet is at Stripe, too, unless a test says no."""

    person: Person
    account: str
    sandbox: StripeSandbox
    deliver: DeliverWebhooks
    run: RunJobs

    def withdraw(self, asked: Asked = 2000, form_ref: str = "form-0001", *, is_fresh: bool = True) -> str:
        return withdraw(
            Asker(user_id=self.person.id, actor=f"user:{self.person.ref}", is_fresh=is_fresh), asked, form_ref
        )

    def cancel(self, ref: str) -> None:
        cancelling.cancel(self.person.id, ref, actor=f"user:{self.person.ref}")

    def fill(self, amount: int, *, at_stripe: bool = True) -> None:
        fill(self.person, amount)
        if at_stripe:
            bring_funds(self.sandbox, amount)

    def owe(self, amount: int) -> None:
        debt = accounts.money_debt(self.person.id)
        post(self.person, Move(source=debt, destination=accounts.OPENING, amount=amount))

    @property
    def left(self) -> int:
        return self.stands.available

    @property
    def stands(self) -> queries.WalletBalances:
        with transaction() as session:
            return queries.wallet_balances(session, self.person.id)

    def transfers(self) -> list[Any]:
        """What Stripe has sent to the account."""
        return list(self.sandbox.client.v1.transfers.list({"destination": self.account}).data)

    def received(self) -> int:
        """What stands in the account at Stripe, in cents."""
        found = self.sandbox.client.v1.balance.retrieve({}, {"stripe_account": self.account})
        return int(found.available[0].amount)

    def reverse(self, ref: str, amount: int | None = None) -> str:
        """Take a part of the transfer back in Stripe's dashboard, or what is left of it."""
        given: Any = {} if amount is None else {"amount": amount}
        return str(self.sandbox.client.v1.transfers.reversals.create(stored(ref).transfer_id or "", given).id)


def make_withdrawer(sandbox: StripeSandbox, deliver: DeliverWebhooks, run: RunJobs, amount: int = 0) -> Withdrawer:
    """Make somebody with an Express account, onboarded, and so much in the wallet and at Stripe."""
    sync_mirror()  # the first contact comes before the money: what is there then is an opening figure
    person = make_user()
    account = express(sandbox)
    connect(person, account)
    someone = Withdrawer(person=person, account=account, sandbox=sandbox, deliver=deliver, run=run)
    if amount:
        someone.fill(amount)
    deliver()
    return someone


def express(sandbox: StripeSandbox) -> str:
    """Make an Express account whose owner has been through the onboarding."""
    v1 = sandbox.client.v1
    account = str(v1.accounts.create({"type": "express", "capabilities": ASKED, "settings": MANUAL}).id)
    onboard(sandbox.app, v1.account_links.create(LINK | {"account": account}).url)
    return account


def connect(person: Person, account: str, **columns: Any) -> None:
    """Connect an account to a person, as the onboarding does."""
    now = clock.now()
    facts: dict[str, Any] = {"transfers_active": True, "payouts_enabled": True, "details_submitted": True}
    facts |= {"connected_at": now, "created_at": now, "checked_at": now, "livemode": False, "requirements": []}
    with transaction() as session:
        row = PayoutAccount(
            ref=ids.new_ref("pac"), user_id=person.id, type="express", stripe_account_id=account, **(facts | columns)
        )
        session.add(row)


def change(**columns: Any) -> None:
    """Set columns of every payout account."""
    with transaction() as session:
        for name, value in columns.items():
            session.execute(text(f"UPDATE payout_accounts SET {name} = :value"), {"value": value})  # noqa: S608 - names


def fill(person: Person, amount: int) -> None:
    """Put money into a wallet."""
    post(person, Move(source=accounts.OPENING, destination=accounts.wallet(person.id), amount=amount))


def bring_funds(sandbox: StripeSandbox, amount: int) -> None:
    """Put money into the platform's balance at Stripe that can be sent on at once: its rows are nobody's here."""
    fund_on = _On(v1=sandbox.client.v1)
    fund(fund_on, amount)
    fund(fund_on, amount)  # Stripe's fee is paid from it


def post(person: Person, move: Move) -> None:
    with transaction() as session:
        ref = ids.new_ref("tst")
        ledger.post(session, kind="opening", ref=ref, entries=[move], actor="test", user_id=person.id)


def stored(ref: str) -> Withdrawal:
    with transaction() as session:
        return session.execute(select(Withdrawal).where(Withdrawal.ref == ref)).scalar_one()


def count(table: str, where: str = "true", **parameters: Any) -> int:
    with transaction() as session:
        query = text(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608 - the test's own words
        return int(session.execute(query, parameters).scalar_one())


def house(code: str) -> int:
    """What stands on a house account."""
    with transaction() as session:
        return queries.balance(session, code)


def agreed() -> None:
    """Stripe's book and ours agree to the cent; every row of a transfer has its posting."""
    report = reconcile()
    assert (report.agrees, report.difference, report.in_flight) == (True, 0, 0), report
    assert count("balance_transactions", "type LIKE 'transfer%' AND claimed_id IS NULL") == 0


@dataclass(frozen=True, kw_only=True)
class _On:
    v1: Any
