from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import inprocess
from randonumber.sandbox.inprocess_connect import onboard
from tests.sandbox.conftest import make_sdk
from tests.sandbox.driven.connect import ASKED, BANK, COMPLETE, LINK, PERSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

DAY = 86_400
KINDS = ("standard", "express", "custom")


@pytest.fixture
def account(sdk: Any) -> str:
    """An Express account that asks to receive transfers."""
    return str(sdk.v1.accounts.create({"type": "express", "capabilities": {"transfers": {"requested": True}}}).id)


def link(sdk: Any, account: str, /, **more: Any) -> Any:
    return sdk.v1.account_links.create(LINK | {"account": account} | more)


def state(sdk: Any, account: str) -> tuple[bool, bool, bool]:
    found = sdk.v1.accounts.retrieve(account)
    return found.details_submitted, found.charges_enabled, found.payouts_enabled


@pytest.mark.parametrize("kind", KINDS)
def test_completing_the_page_makes_any_account_ready(sandbox: Flask, sdk: Any, kind: str) -> None:
    account = sdk.v1.accounts.create({"type": kind, "capabilities": ASKED}).id
    assert state(sdk, account) == (False, False, False)
    assert onboard(sandbox, link(sdk, account).url) == LINK["return_url"]
    assert state(sdk, account) == (True, True, True)
    found = sdk.v1.accounts.retrieve(account).to_dict()
    assert found["requirements"]["currently_due"] == []
    assert found["capabilities"] == {"card_payments": "active", "transfers": "active"}
    assert found["external_accounts"]["data"][0]["last4"] == "6789"


def test_the_events_of_onboarding_go_to_the_connect_endpoint(sandbox: Flask, sdk: Any, account: str) -> None:
    inprocess.deliveries(sandbox)
    onboard(sandbox, link(sdk, account).url)
    sent = inprocess.deliveries(sandbox)
    assert {one.url.rpartition("/")[2] for one in sent} == {"connect"}
    told = [
        stripe.Webhook.construct_event(one.body, one.headers["Stripe-Signature"], "whsec_sandbox_connect")
        for one in sent
    ]
    assert [event.type for event in told] == [
        "account.external_account.created",
        "account.updated",
        "capability.updated",
    ]
    assert {event.account for event in told} == {account}
    assert told[1].data.to_dict()["previous_attributes"]["payouts_enabled"] is False
    assert told[1].data.object["payouts_enabled"] is True


def test_leaving_saves_nothing_and_goes_back(sandbox: Flask, sdk: Any, account: str) -> None:
    before = sdk.v1.accounts.retrieve(account).to_dict()
    assert onboard(sandbox, link(sdk, account).url, "leave") == LINK["return_url"]
    assert sdk.v1.accounts.retrieve(account).to_dict() == before


def test_a_link_works_once(sandbox: Flask, page: Callable[..., Any], sdk: Any, account: str) -> None:
    url = link(sdk, account).url
    assert page(url).status_code == 200
    assert page(url).status_code == 200, "looking does not use it up"
    onboard(sandbox, url, "leave")
    for again in (page(url), page(url, {"action": "complete"})):
        assert (again.status_code, again.location) == (303, LINK["refresh_url"])
    assert state(sdk, account) == (False, False, False)


def test_a_link_lives_five_minutes(sandbox: Flask, page: Callable[..., Any], sdk: Any, account: str) -> None:
    made = link(sdk, account)
    assert made.expires_at - made.created == 300
    inprocess.advance(sandbox, 290)
    assert page(made.url).status_code == 200
    inprocess.advance(sandbox, 11)
    assert page(made.url).location == LINK["refresh_url"]
    assert page(made.url, {"action": "complete"}).location == LINK["refresh_url"]
    assert state(sdk, account) == (False, False, False)


def test_without_its_own_link_the_page_opens_nothing(page: Callable[..., Any], sdk: Any, account: str) -> None:
    other = sdk.v1.accounts.create({"type": "express"}).id
    secret = link(sdk, other).url.partition("?")[2]
    for path in (f"/onboarding/{account}", f"/onboarding/{account}?{secret}", f"/onboarding/{account}?link=x"):
        assert page(path).status_code == 403
        assert "needs a link" in page(path, {"action": "complete"}).text
    assert page("/onboarding/acct_nobody").status_code == 404
    assert state(sdk, account) == (False, False, False)


def test_a_deleted_account_cannot_be_onboarded(page: Callable[..., Any], sdk: Any, account: str) -> None:
    url = link(sdk, account).url
    sdk.v1.accounts.delete(account)
    assert page(url).status_code == 403
    assert page(url, {"action": "complete"}).status_code == 403


def test_a_pending_identity_is_verified_by_the_clock(sandbox: Flask, sdk: Any, account: str) -> None:
    onboard(sandbox, link(sdk, account).url, identity="pending")
    found = sdk.v1.accounts.retrieve(account).to_dict()
    assert (found["details_submitted"], found["payouts_enabled"]) == (True, False)
    assert found["capabilities"]["transfers"] == "pending"
    assert found["requirements"]["pending_verification"] == ["individual.id_number"]
    assert found["requirements"]["disabled_reason"] == "requirements.pending_verification"
    inprocess.advance(sandbox, DAY - 10)
    assert state(sdk, account) == (True, False, False)
    inprocess.advance(sandbox, 20)
    assert state(sdk, account) == (True, True, True)


def test_a_failed_identity_blocks_payouts_and_says_why(sandbox: Flask, sdk: Any, account: str) -> None:
    onboard(sandbox, link(sdk, account).url, identity="failed")
    found = sdk.v1.accounts.retrieve(account).to_dict()
    assert found["payouts_enabled"] is False
    assert found["capabilities"]["transfers"] == "active"
    assert found["requirements"]["past_due"] == ["individual.verification.document"]
    assert found["requirements"]["errors"][0]["requirement"] == "individual.verification.document"
    onboard(sandbox, link(sdk, account).url)
    assert state(sdk, account) == (True, True, True)


def test_without_a_bank_account_there_are_no_payouts(sandbox: Flask, sdk: Any, account: str) -> None:
    onboard(sandbox, link(sdk, account).url, bank="none")
    assert state(sdk, account) == (True, True, False)
    assert sdk.v1.accounts.retrieve(account).to_dict()["requirements"]["currently_due"] == ["external_account"]


def test_a_bank_number_is_chosen_on_the_page_and_takes_the_place_of_the_old_one(
    sandbox: Flask, page: Callable[..., Any], sdk: Any, account: str
) -> None:
    onboard(sandbox, link(sdk, account).url)
    onboard(sandbox, link(sdk, account).url, account_number="000111111116")
    assert [one.last4 for one in sdk.v1.accounts.external_accounts.list(account).data] == ["1116"]
    url = link(sdk, account).url
    wrong = page(url, {"action": "complete", "account_number": "12345"})
    assert wrong.status_code == 422
    assert "You must use a test bank account number" in wrong.text
    assert 'value="12345"' in wrong.text
    assert page(url).status_code == 200, "the link is still good"


@pytest.mark.parametrize("form", [
    {}, {"action": "steal"}, {"action": "complete", "identity": "royal"}, {"action": "complete", "bank": "nnoe"},
])  # fmt: skip
def test_a_wrong_form_is_shown_again_and_nothing_happens(
    page: Callable[..., Any], sdk: Any, account: str, form: dict[str, str]
) -> None:
    assert page(link(sdk, account).url, form).status_code == 422
    assert state(sdk, account) == (False, False, False)


def test_what_was_given_before_stays(sandbox: Flask, sdk: Any) -> None:
    account = sdk.v1.accounts.create({"type": "custom", "capabilities": ASKED, "individual": {"first_name": "Zoe"}}).id
    onboard(sandbox, link(sdk, account).url)
    found = sdk.v1.accounts.retrieve(account)
    assert (found.individual.first_name, found.individual.last_name) == ("Zoe", "Rosen")


def test_an_account_abroad_is_paid_out_in_its_own_currency(sandbox: Flask, sdk: Any) -> None:
    account = sdk.v1.accounts.create({"type": "express", "country": "DE", "capabilities": ASKED}).id
    onboard(sandbox, link(sdk, account).url)
    assert state(sdk, account) == (True, True, True)
    assert sdk.v1.accounts.external_accounts.list(account).data[0].currency == "eur"


def test_after_a_link_the_details_belong_to_the_owner(sandbox: Flask, sdk: Any) -> None:
    account = sdk.v1.accounts.create({"type": "express", "individual": PERSON}).id
    assert "individual" in sdk.v1.accounts.retrieve(account)
    link(sdk, account)
    assert "individual" not in sdk.v1.accounts.retrieve(account)
    for params in ({"individual": PERSON}, {"external_account": BANK}, {"email": "a@example.com"}):
        with pytest.raises(stripe.PermissionError, match="does not have the required permissions for the parameter '"):
            sdk.v1.accounts.update(account, params)
    with pytest.raises(stripe.PermissionError):
        sdk.v1.accounts.external_accounts.create(account, {"external_account": BANK})
    changed = sdk.v1.accounts.update(account, {"metadata": {"a": "1"}})
    assert changed.metadata["a"] == "1"
    assert "individual" not in changed


@pytest.mark.parametrize("kind", ["express", "standard"])
def test_an_owner_who_was_asked_for_nothing_in_particular_gets_the_usual(sandbox: Flask, sdk: Any, kind: str) -> None:
    account = sdk.v1.accounts.create({"type": kind}).id
    onboard(sandbox, link(sdk, account).url)
    found = sdk.v1.accounts.retrieve(account).to_dict()
    assert found["capabilities"] == {"card_payments": "active", "transfers": "active"}


def test_a_custom_accounts_details_stay_open_to_its_platform(sdk: Any) -> None:
    account = sdk.v1.accounts.create(COMPLETE).id
    link(sdk, account, type="account_update")
    assert sdk.v1.accounts.update(account, {"email": "b@example.com"}).email == "b@example.com"
    assert "individual" in sdk.v1.accounts.retrieve(account)


REFUSED = [
    ({"type": "account_update"}, 'Valid types for this account are ["account_onboarding"].'),
    ({"return_url": "nowhere"}, "Not a valid URL"),
    ({"refresh_url": "ftp://example.com/"}, "Not a valid URL"),
    ({"account": "acct_nobody"}, "an account that is not connected to your platform or does not exist."),
    ({"type": "custom_account_update"}, "Invalid type: must be one of"),
]


@pytest.mark.parametrize(("params", "sentence"), REFUSED)
def test_a_link_that_cannot_be_is_refused_in_stripes_words(
    sdk: Any, account: str, params: dict[str, str], sentence: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        link(sdk, account, **params)
    assert sentence in str(refused.value)


def test_a_link_needs_both_addresses(sdk: Any, account: str) -> None:
    for name in ("refresh_url", "return_url"):
        params = {key: value for key, value in (LINK | {"account": account}).items() if key != name}
        with pytest.raises(stripe.InvalidRequestError, match=f"Missing required param: {name}."):
            sdk.v1.account_links.create(params)


def test_another_platform_makes_no_link_to_an_account(sandbox: Flask, account: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="not connected to your platform"):
        link(make_sdk(sandbox, "sk_test_other"), account)


def test_the_page_has_labels_no_script_and_may_lead_back(page: Callable[..., Any], sdk: Any, account: str) -> None:
    answer = page(link(sdk, account).url)
    assert "– sandbox</title>" in answer.text
    assert "<script" not in answer.text
    assert '<label for="account_number">' in answer.text
    assert "form-action 'self' http://127.0.0.1:5000" in answer.headers["Content-Security-Policy"]
