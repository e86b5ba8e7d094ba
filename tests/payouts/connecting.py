"""Somebody who connects an account: a signed-in browser, and what its owner does on Stripe's pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select, text

from randonumber.database import db, transaction
from randonumber.payouts.models import PayoutAccount
from randonumber.sandbox.inprocess_connect import address, consent, onboard
from tests.people import csrf_token, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.people import Person
    from tests.stripe_fixtures import StripeSandbox

ACCOUNTS = "POST /v1/accounts"
LINKS = "POST /v1/account_links"
TOKEN = "POST /oauth/token"
DEAUTHORIZE = "POST /oauth/deauthorize"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A person in a browser of their own."""

    person: Person
    client: FlaskClient
    sandbox: StripeSandbox

    def another_browser(self) -> Owner:
        """The same person, signed in elsewhere."""
        return Owner(person=self.person, client=signed_in(self.client.application, self.person), sandbox=self.sandbox)

    @property
    def page(self) -> str:
        """What stands on the page of the account, in plain characters."""
        answer = self.client.get("/payouts")
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    @property
    def account(self) -> PayoutAccount | None:
        """The row that holds this person's place."""
        is_it = (PayoutAccount.user_id == self.person.id) & PayoutAccount.disconnected_at.is_(None)
        with transaction() as session:
            return session.execute(select(PayoutAccount).where(is_it)).scalar_one_or_none()

    @property
    def connected(self) -> PayoutAccount:
        """The same, where there must be one that Stripe has."""
        found = self.account
        assert found is not None
        assert found.stripe_account_id is not None
        return found

    def post(self, path: str, **fields: str) -> TestResponse:
        return self.client.post(path, data={"csrf_token": csrf_token(self.client, "/payouts"), **fields})

    def start(self) -> str:
        """Press the button of the first way; where it leads."""
        answer = self.client.get("/payouts/oauth/start")
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def consent(self, url: str, action: str = "connect", **fields: str) -> str:
        """Answer at Stripe; the address that Stripe leads back to."""
        back = consent(self.sandbox.app, url, action, **fields)
        assert back is not None
        return address(back)

    def come_back(self, path: str) -> TestResponse:
        answer = self.client.get(path)
        assert answer.status_code == 303, answer.text
        return answer

    def connect_standard(self, **fields: str) -> PayoutAccount:
        """Connect an account by OAuth."""
        self.come_back(self.consent(self.start(), **fields))
        return self.connected

    def begin(self, kind: str = "express") -> TestResponse:
        return self.post("/payouts/onboarding", type=kind)

    def onboard(self, kind: str = "express", action: str = "complete", **fields: str) -> PayoutAccount:
        """Have an account made and go through Stripe's pages."""
        answer = self.begin(kind)
        assert answer.status_code == 303, answer.text
        back = onboard(self.sandbox.app, answer.headers["Location"], action, **fields)
        assert back is not None
        self.come_back(address(back))
        return self.connected

    def disconnect(self) -> TestResponse:
        return self.post("/payouts/disconnect")


def new_owner(app: Flask, sandbox: StripeSandbox) -> Owner:
    """Return somebody new, signed in."""
    person = make_user()
    return Owner(person=person, client=signed_in(app, person), sandbox=sandbox)


def signed_in(app: Flask, person: Person) -> FlaskClient:
    """Return a browser of its own in which a person is signed in."""
    client = app.test_client()
    assert sign_in(client, person).status_code in {302, 303}
    return client


def answer_of(path: str) -> dict[str, str]:
    """Return what Stripe said in the address that it led back to."""
    return dict(parse_qsl(urlsplit(path).query))


def alerts(page: str) -> list[str]:
    """Return what the page says on top."""
    return [unescape(found) for found in re.findall(r'class="alert[^"]*" role="\w+">\s*(?:<p>)?([^<]+)', page)]


def said(owner: Owner) -> str:
    """Return what the page says on top, now."""
    return " ".join(alerts(owner.client.get("/payouts").text))


def execute(statement: str, **parameters: Any) -> None:
    """Move time, or break something, in the database."""
    with db.engine.begin() as connection:
        connection.execute(text(statement), parameters)


def rows(statement: str, **parameters: Any) -> list[Any]:
    with db.engine.begin() as connection:
        return list(connection.execute(text(statement), parameters))


def password_is_old() -> None:
    """Let every password have been given too long ago."""
    execute("UPDATE user_sessions SET verified_at = now() - interval '6 minutes'")


def made_at_stripe(sandbox: StripeSandbox) -> list[str]:
    """Return the ids of the connected accounts at Stripe."""
    return [one.id for one in sandbox.client.v1.accounts.list({"limit": 100}).data]
