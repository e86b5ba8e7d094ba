"""A buyer at a browser, for whole stories: every way to buy, and everything that may become of a payment, over HTTP."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import select

from randonumber.credits import auto_topup_jobs
from randonumber.credits.models import Purchase
from randonumber.database import db, transaction
from randonumber.sandbox import inprocess
from tests.credits.conftest import stored
from tests.credits.on_page import Page, id_of
from tests.credits.wallets import fill
from tests.people import csrf_token

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.credits.bank import Bank
    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

QUANTITY = 10
PRICE_MINOR = 900
FOUR_DAYS = 4 * 24 * 3600 + 60


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One buyer without free credits, signed in, and everybody else who acts on a payment."""

    app: Flask
    client: FlaskClient
    buyer: Buyer
    sandbox: StripeSandbox
    bank: Bank
    deliver: DeliverWebhooks
    run_jobs: RunJobs

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form as the buyer's browser."""
        token = csrf_token(self.client, "/credits")
        return self.client.post(path, data={"csrf_token": token, "form_ref": secrets.token_urlsafe(16), **fields})

    def post_json(self, path: str, **body: Any) -> Any:
        """Send JSON as a page's script."""
        headers = {"X-CSRFToken": csrf_token(self.client, "/credits")}
        answer = self.client.post(path, json={"form_ref": secrets.token_urlsafe(16), **body}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def hosted(self) -> str:
        """Buy on Stripe's page."""
        url = self.post("/credits/checkout", quantity=QUANTITY).headers["Location"]
        back = self.sandbox.pay(url)
        return self._ref_in(back)

    def by_bank(self) -> str:
        """Buy on Stripe's page from a bank account, and wait until the bank has paid."""
        url = self.post("/credits/checkout", quantity=QUANTITY).headers["Location"]
        ref = self._ref_in(inprocess.pay_by_bank(self.sandbox.app, url))
        self.deliver()
        assert stored(ref).status == "pending"
        self.sandbox.advance(FOUR_DAYS)
        return ref

    def custom(self) -> str:
        """Buy on our own page."""
        started = self.post_json("/credits/payment-intents", quantity=QUANTITY)
        page = Page(person=self.buyer.person, sandbox=self.sandbox)
        assert page.pay(started["client_secret"]) == "succeeded"
        return str(started["purchase"])

    def one_click(self) -> str:
        """Save a card, and buy with it by one press."""
        setup = self.post_json("/account/cards/setup-intents")
        self._save("pm_card_visa", setup["setup_intent"], setup["client_secret"])
        assert "4242" in self.client.get("/account/cards").text
        return self._ref_in(self.post("/credits/one-click", quantity=QUANTITY).headers["Location"])

    def challenged(self) -> str:
        """Buy with a saved card whose bank asks, and answer."""
        setup = self.post_json("/account/cards/setup-intents")
        url = self._save("pm_card_authenticationRequired", setup["setup_intent"], setup["client_secret"])
        inprocess.answer_challenge(self.sandbox.app, url, "complete")
        self.client.get(f"/account/cards?setup_intent={setup['setup_intent']}")
        ref = self._ref_in(self.post("/credits/one-click", quantity=QUANTITY).headers["Location"])
        question = self.post(f"/credits/purchases/{ref}/confirm").headers["Location"]
        inprocess.answer_challenge(self.sandbox.app, question, "complete")
        return ref

    def wallet(self) -> str:
        """Buy with wallet money."""
        fill(self.buyer, PRICE_MINOR)
        return self._ref_in(self.post("/credits/wallet", quantity=QUANTITY).headers["Location"])

    def auto_topup(self) -> str:
        """Save a card, let it buy by itself, and no more after the first time."""
        setup = self.post_json("/account/cards/setup-intents")
        self._save("pm_card_visa", setup["setup_intent"], setup["client_secret"])
        agreed = {"enabled": "1", "threshold": "1", "quantity": str(QUANTITY), "monthly_cap": "9.00"}
        assert self.post("/account/auto-topup", **agreed).status_code == 303
        assert auto_topup_jobs.look_at_all() == 1
        self.run_jobs()
        assert self.post("/account/auto-topup").status_code == 303
        with transaction() as session:
            return str(session.execute(select(Purchase.ref).where(Purchase.method == "auto_topup")).scalar_one())

    def _save(self, method: str, setup_intent: str, client_secret: str) -> str:
        wanted: Any = {
            "client_secret": client_secret,
            "payment_method": method,
            "return_url": "http://127.0.0.1:5000/x",
        }
        found: Any = self.sandbox.client.v1.setup_intents.confirm(setup_intent, wanted)
        self.client.get(f"/account/cards?setup_intent={setup_intent}")
        action = found.next_action.to_dict() if found.next_action is not None else {}
        return str((action.get("redirect_to_url") or {}).get("url"))

    @staticmethod
    def _ref_in(address: str | None) -> str:
        found = re.search("pur_[0-9a-z]{26}", urlsplit(address or "").path)
        assert found, address
        return found[0]

    def pay_again(self, ref: str, amount: int) -> None:
        """Let another payment that names the purchase succeed, as a page that was open twice might."""
        purchase = stored(ref)
        paying: Any = {
            "amount": amount,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "metadata": {"purchase_ref": purchase.ref},
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        self.sandbox.client.v1.payment_intents.create(paying)

    def started(self) -> tuple[str, str]:
        """Begin a purchase on our own page without paying; return its ref and its intent."""
        found = self.post_json("/credits/payment-intents", quantity=QUANTITY)
        return str(found["purchase"]), id_of(found["client_secret"])

    def command(self, *words: str) -> Any:
        """Run a command of the app, which must succeed; return what it prints as JSON, or as text."""
        result = self.app.test_cli_runner().invoke(args=list(words))
        assert result.exit_code == 0, result.output
        return json.loads(result.output) if "--json" in words else result.output

    def agrees(self, *, unmatched: int = 0) -> None:
        """Hold all books against each other by the operator's own commands: nothing is wrong, fees included."""
        self.deliver()
        self.run_jobs()
        found = self.command("stripe", "reconcile", "--json")
        assert (found["difference"], found["unmatched_minor"], found["in_flight"]) == (0, unmatched, 0), found
        self.command("ledger", "check")
        rows = self.sandbox.client.v1.balance_transactions.list({"limit": 100}).data
        with db.engine.begin() as connection:
            booked = connection.exec_driver_sql(
                "SELECT coalesce(sum(amount), 0) FROM entries JOIN transactions ON transactions.id = transaction_id"
                " WHERE kind = 'stripe_fee'"
            ).scalar_one()
        assert booked == sum(row.fee for row in rows)
