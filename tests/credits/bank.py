"""The buyer's bank, and what a test needs of disputes."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy import select

from randonumber.credits.models import Dispute
from randonumber.database import driver_connection, transaction
from randonumber.ledger import queries
from randonumber.mail import MailMessage
from randonumber.numbers.service import UserPays, draw
from randonumber.numbers.wishes import read
from randonumber.sandbox import inprocess
from randonumber.sandbox.resources.disputes import disputes
from randonumber.sandbox.resources.refunds import refund_outcomes
from randonumber.sandbox.scope import unit
from tests.credits.conftest import stored

if TYPE_CHECKING:
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox


@dataclass(frozen=True, kw_only=True)
class Bank:
    """The bank of whoever paid: it disputes charges at the sandbox, and decides."""

    sandbox: StripeSandbox

    def disputes(self, charge_id: str, **more: Any) -> str:
        """Take a payment back, or ask about it (`inquiry=True`); return the dispute's id."""
        with self._unit() as scope:
            return str(disputes.open_dispute(scope, charge_id, **more)["id"])

    def escalates(self, dispute_id: str) -> None:
        with self._unit() as scope:
            disputes.escalate(scope, dispute_id)

    def decides(self, dispute_id: str, *, won: bool) -> None:
        with self._unit() as scope:
            disputes.decide(scope, dispute_id, won=won)

    def returns(self, refund_id: str) -> None:
        """Send a refund back that had succeeded."""
        with self._unit() as scope:
            refund_outcomes.fail(scope, refund_id, reason="expired_or_canceled_card")

    def refunds(self, charge_id: str, amount: int) -> str:
        """Refund a part in Stripe's dashboard; return the refund's id."""
        return self.sandbox.client.v1.refunds.create({"charge": charge_id, "amount": amount}).id

    def _unit(self) -> Any:
        account = self.sandbox.client.v1.accounts.retrieve_current().id
        return unit(inprocess.sandbox_of(self.sandbox.app), account)


@dataclass(frozen=True, kw_only=True)
class Sale:
    """A purchase that was paid, and its charge."""

    ref: str
    charge: str


def sell(
    buyer: Buyer, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks, *, form_ref: str = "form-0001", n: int = 10
) -> Sale:
    """Let somebody buy credits on the hosted page, up to the receipt."""
    started = buyer.start(n, form_ref=form_ref)
    assert started.url is not None
    sandbox.pay(started.url)
    deliver_webhooks()
    payment_id = stored(started.ref).payment_id
    assert payment_id is not None
    return Sale(ref=started.ref, charge=payment_id)


def dispute_row(stripe_dispute_id: str) -> Dispute:
    with transaction() as session:
        return session.execute(select(Dispute).where(Dispute.stripe_dispute_id == stripe_dispute_id)).scalar_one()


def owed(buyer: Buyer) -> int:
    """Return the credits that somebody owes."""
    with transaction() as session:
        return queries.wallet_balances(session, buyer.person.id).debt_credit


def spend(buyer: Buyer, credits_: int) -> None:
    """Draw so many numbers, each for a credit."""
    wish = read({"type": "integer", "min": 1, "max": 6, "n": credits_})
    with transaction() as session:
        draw(driver_connection(session), UserPays(user_id=buyer.person.id, actor=f"user:{buyer.person.ref}"), wish)


def mail_body(template: str, mentions: str) -> str:
    """Return the text of the newest mail of a template that names `mentions`, as it was sent."""
    query = select(MailMessage.ref).where(MailMessage.template == template).order_by(MailMessage.id.desc())
    with transaction() as session:
        refs = list(session.scalars(query))
    folder = current_app.extensions["config"].instance_path / "mail"
    for ref in refs:
        [file] = folder.glob(f"*{ref}.eml")
        body = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
        text = body.get_content() if body else ""
        if mentions in text:
            return " ".join(text.split())
    message = f"no {template} names {mentions}"
    raise AssertionError(message)
