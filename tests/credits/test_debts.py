"""Who owes credits sees it on every page, sees why, and how to repay; and sees it gone afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber.credits import debts
from randonumber.database import transaction
from tests.credits.bank import Bank, Sale, sell, spend
from tests.people import make_key, make_user, sign_in, submit

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox

OWED = "You owe 6 credits"


@pytest.fixture
def bank(sandbox: StripeSandbox) -> Bank:
    return Bank(sandbox=sandbox)


@pytest.fixture
def debtor(
    buyer: Buyer, bank: Bank, sandbox: StripeSandbox, client: FlaskClient, deliver_webhooks: DeliverWebhooks
) -> Sale:
    """Somebody, signed in, who has spent six credits of a purchase that was disputed."""
    sale = sell(buyer, sandbox, deliver_webhooks)
    spend(buyer, 9)
    bank.disputes(sale.charge)
    deliver_webhooks()
    sign_in(client, buyer.person)
    return sale


def test_the_account_page_says_what_is_owed_and_why_and_how_to_repay(client: FlaskClient, debtor: Sale) -> None:
    page = client.get("/account").text
    assert OWED in page
    assert "Your bank took back the payment" in page
    assert f'href="/credits/purchases/{debtor.ref}">purchase of 10 credits</a>' in page
    assert "6 credits of it were spent already" in page
    assert 'href="/credits?quantity=6"' in page


def test_every_page_says_that_something_is_owed(client: FlaskClient, debtor: Sale) -> None:
    for path in ("/", "/credits", "/credits/purchases"):
        assert '<a class="status status-bad" href="/account#debts">6 owed' in client.get(path).text, path


def test_the_home_page_offers_to_repay_and_not_to_draw(client: FlaskClient, debtor: Sale) -> None:
    page = client.get("/").text
    assert OWED in page
    assert 'type="submit">Draw' not in page


def test_a_draw_of_a_debtor_is_refused_and_says_where_to_repay(client: FlaskClient, buyer: Buyer, debtor: Sale) -> None:
    answer = submit(client, "/numbers", "/account", type="integer", min="1", max="6", n="1", form_ref="form-of-a-draw")
    assert answer.status_code == 422
    assert "A debt stands on this account" in answer.text
    assert 'href="/account#debts">How to repay</a>' in answer.text
    body = {"type": "integer", "min": 1, "max": 6, "n": 1}
    headers = {"Authorization": f"Bearer {make_key(buyer.person)}"}
    refused = client.post("/api/v1/numbers", json=body, headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "account_barred")
    shown = client.get("/api/v1/balance", headers=headers).get_json()
    assert (shown["credits"], shown["debts"]) == (0, {"usd": 0, "credit": 6})


def test_the_page_of_a_disputed_purchase_says_what_happened(
    client: FlaskClient, bank: Bank, debtor: Sale, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    page = client.get(f"/credits/purchases/{debtor.ref}").text
    assert "Your bank has asked for $9.00 back" in page
    assert "6 credits of what you have spent are owed" in page
    [dispute] = sandbox.client.v1.disputes.list().data
    bank.decides(dispute.id, won=False)
    deliver_webhooks()
    assert (
        "it is decided: the credits of this purchase stay taken back"
        in client.get(f"/credits/purchases/{debtor.ref}").text
    )


def test_nothing_is_said_once_it_is_repaid(
    client: FlaskClient, buyer: Buyer, debtor: Sale, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    sell(buyer, sandbox, deliver_webhooks, form_ref="form-0002")
    page = client.get("/account").text
    assert "owe" not in page.replace("lowest", "").replace("lower", "")
    assert 'id="debts"' not in page
    spend(buyer, 4)


def test_a_refund_in_the_dashboard_is_named_as_the_cause(
    client: FlaskClient, buyer: Buyer, bank: Bank, sandbox: StripeSandbox, deliver_webhooks: DeliverWebhooks
) -> None:
    sale = sell(buyer, sandbox, deliver_webhooks)
    spend(buyer, 13)
    bank.refunds(sale.charge, 450)
    deliver_webhooks()
    sign_in(client, buyer.person)
    page = client.get("/account").text
    assert "You owe 5 credits" in page
    assert "The payment was given back to you" in page


def test_others_see_nothing_of_it(client: FlaskClient, debtor: Sale) -> None:
    stranger = make_user()
    with transaction() as session:
        assert debts.causes(session, stranger.id) == []
    client.post("/logout", data={"csrf_token": ""})
    other = client.application.test_client()
    sign_in(other, stranger)
    assert "owed" not in other.get("/").text
    assert other.get(f"/credits/purchases/{debtor.ref}").status_code == 404
