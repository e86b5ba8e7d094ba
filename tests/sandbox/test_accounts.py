from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.sandbox.conftest import make_sdk, types
from tests.sandbox.driven.connect import ASKED, BANK, COMPLETE, PERSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

EXPRESS: Any = {"type": "express", "capabilities": {"transfers": {"requested": True}}}


def events(sdk: Any, account: str) -> list[Any]:
    """The events of a connected account, oldest first."""
    return list(reversed(sdk.v1.events.list({"limit": 100}, {"stripe_account": account}).data))


TYPES = [
    ("standard", ("account", "stripe", "stripe", "full")),
    ("express", ("application_express", "application", "stripe", "express")),
    ("custom", ("application_custom", "application", "application", "none")),
]


@pytest.mark.parametrize(("kind", "properties"), TYPES)
def test_a_type_stands_for_a_set_of_controller_properties(sdk: Any, kind: Any, properties: tuple[str, ...]) -> None:
    account = sdk.v1.accounts.create({"type": kind, "email": "seller@example.com", "metadata": {"user": "7"}})
    controller = account.to_dict()["controller"]
    assert account.type == kind
    assert (
        controller["fees"]["payer"],
        controller["losses"]["payments"],
        controller["requirement_collection"],
        controller["stripe_dashboard"]["type"],
    ) == properties
    assert (controller["type"], controller["is_controller"]) == ("application", True)
    assert (account.email, account.metadata["user"], account.country) == ("seller@example.com", "7", "US")
    assert {account.charges_enabled, account.payouts_enabled, account.details_submitted} == {False}


def test_controller_properties_have_stripes_defaults_and_no_type_of_their_own(sdk: Any) -> None:
    assert sdk.v1.accounts.create().type == "standard"
    assert sdk.v1.accounts.create({"controller": {"stripe_dashboard": {"type": "full"}}}).type == "standard"
    express = sdk.v1.accounts.create(
        {
            "controller": {
                "stripe_dashboard": {"type": "express"},
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
            }
        }
    )
    assert express.type == "none"
    assert express.to_dict()["controller"]["requirement_collection"] == "stripe"


CONFLICTS = [
    ({"type": "express", "controller": {"fees": {"payer": "account"}}}, "They are mutually exclusive."),
    ({"controller": {"stripe_dashboard": {"type": "express"}}}, "your platform must collect fees and be liable"),
    (
        {
            "controller": {
                "stripe_dashboard": {"type": "none"},
                "losses": {"payments": "application"},
                "fees": {"payer": "application"},
            }
        },
        "Stripe must be liable for negative balances or refunds and chargebacks.",
    ),
    ({"controller": {"requirement_collection": "application"}}, "When requirement_collection=application"),
    ({"controller": {"losses": {"payments": "application"}}}, "your platform must collect fees."),
    ({"country": "ZZ"}, "ZZ is not currently supported by Stripe."),
    ({"country": "Germany"}, "Country 'Germany' is unknown."),
    ({"email": "nobody"}, "Invalid email address: nobody"),
    ({"type": "standard", "capabilities": {"transfers": {"requested": True}}}, "without the `card_payments`"),
    ({"type": "express", "tos_acceptance": {"date": 1, "ip": "127.0.0.1"}}, "cannot accept the Terms of Service"),
    ({"type": "custom", "individual": {"dob": {"day": 31, "month": 2, "year": 1990}}}, "Invalid date of birth"),
    ({"type": "custom", "business_profile": {"url": "nowhere"}}, "Not a valid URL"),
    ({"type": "custom", "capabilities": {"treasury": {"requested": True}}}, "The sandbox does not do"),
    ({"account_token": "ct_1"}, "The sandbox does not do"),
    ({"type": "wonderful"}, "Invalid type: must be one of"),
]


@pytest.mark.parametrize(("params", "sentence"), CONFLICTS)
def test_what_cannot_be_is_refused_and_no_account_is_made(sdk: Any, params: Any, sentence: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.accounts.create(params)
    assert sentence in str(refused.value)
    assert sdk.v1.accounts.list().data == []


def test_requirements_name_what_is_missing_and_shrink_as_it_is_given(sdk: Any) -> None:
    account = sdk.v1.accounts.create({"type": "custom", "capabilities": ASKED})
    due = account.to_dict()["requirements"]
    assert due["currently_due"] == due["eventually_due"] == due["past_due"]
    assert {"business_type", "external_account", "tos_acceptance.date", "business_profile.mcc"} <= set(
        due["currently_due"]
    )
    assert due["disabled_reason"] == "requirements.past_due"
    assert account.to_dict()["capabilities"] == {"card_payments": "inactive", "transfers": "inactive"}
    account = sdk.v1.accounts.update(account.id, {"business_type": "individual", "individual": PERSON})
    left = account.to_dict()["requirements"]["currently_due"]
    assert not [field for field in left if field.startswith("individual")]
    assert "external_account" in left


def test_an_account_that_only_receives_is_asked_for_less(sdk: Any) -> None:
    only = sdk.v1.accounts.create({"type": "custom", "capabilities": {"transfers": {"requested": True}}})
    assert "business_profile.mcc" not in only.to_dict()["requirements"]["currently_due"]


def test_a_custom_account_is_completed_by_api_alone(sdk: Any) -> None:
    account = sdk.v1.accounts.create(COMPLETE)
    assert account.charges_enabled
    assert account.payouts_enabled
    assert account.details_submitted
    assert account.to_dict()["capabilities"] == {"card_payments": "active", "transfers": "active"}
    assert account.to_dict()["requirements"]["currently_due"] == []
    assert account.individual.to_dict()["ssn_last_4_provided"] is True
    assert "0000" not in str(account.individual.to_dict()["verification"])


def test_without_a_bank_account_one_can_receive_but_not_be_paid_out(sdk: Any) -> None:
    params = {name: value for name, value in COMPLETE.items() if name != "external_account"}
    account = sdk.v1.accounts.create(params)
    assert (account.charges_enabled, account.payouts_enabled) == (True, False)
    assert account.to_dict()["requirements"]["currently_due"] == ["external_account"]
    assert account.to_dict()["capabilities"]["transfers"] == "active"


def test_a_test_number_for_a_failing_check_leaves_a_document_to_be_shown(sdk: Any) -> None:
    account = sdk.v1.accounts.create(COMPLETE | {"individual": PERSON | {"id_number": "111111111"}})
    requirements = account.to_dict()["requirements"]
    assert requirements["past_due"] == ["individual.verification.document"]
    assert requirements["errors"][0]["code"] == "verification_failed_keyed_identity"
    assert (account.charges_enabled, account.payouts_enabled) == (True, False)


def test_a_change_is_told_to_the_connect_endpoint_with_what_was_before(sandbox: Flask, sdk: Any) -> None:
    account = sdk.v1.accounts.create({"type": "custom", "capabilities": ASKED})
    assert [event.type for event in events(sdk, account.id)] == ["capability.updated"] * 2
    sdk.v1.accounts.update(
        account.id, {name: value for name, value in COMPLETE.items() if name not in ("type", "country")}
    )
    told = events(sdk, account.id)[2:]
    assert [event.type for event in told] == [
        "account.external_account.created",
        "account.updated",
        "capability.updated",
        "capability.updated",
    ]
    assert {event.account for event in told} == {account.id}
    previous = told[1].data.to_dict()["previous_attributes"]
    assert previous["payouts_enabled"] is False
    assert previous["capabilities"] == {"card_payments": "inactive", "transfers": "inactive"}
    assert told[2].data.object["status"] == "active"
    assert types(sdk) == [], "the platform's own list holds nothing of it"


def test_nothing_is_told_of_a_change_that_changes_nothing(sdk: Any) -> None:
    account = sdk.v1.accounts.create(EXPRESS | {"email": "a@example.com"})
    before = len(events(sdk, account.id))
    sdk.v1.accounts.update(account.id, {"email": "a@example.com"})
    assert len(events(sdk, account.id)) == before


def test_an_account_is_retrieved_by_its_id_and_by_acting_for_it(sdk: Any) -> None:
    account = sdk.v1.accounts.create(EXPRESS)
    assert sdk.v1.accounts.retrieve(account.id).to_dict() == account.to_dict()
    acting = sdk.v1.accounts.retrieve_current(options={"stripe_account": account.id})
    assert acting.to_dict() == account.to_dict()
    own = sdk.v1.accounts.retrieve_current()
    assert own.id != account.id
    assert sdk.v1.accounts.retrieve(own.id).to_dict() == own.to_dict()
    assert own.settings.to_dict()["payouts"]["schedule"]["interval"] == "manual"


def test_accounts_are_listed_newest_first_and_by_time(sandbox: Flask, sdk: Any) -> None:
    first = sdk.v1.accounts.create(EXPRESS)
    second = sdk.v1.accounts.create(EXPRESS)
    assert [one.id for one in sdk.v1.accounts.list().data] == [second.id, first.id]
    assert sdk.v1.accounts.list({"created": {"gte": first.created + 60}}).data == []
    assert len(sdk.v1.accounts.list({"created": {"gte": first.created}, "limit": 1}).data) == 1


def test_another_platforms_account_is_a_403(sandbox: Flask, sdk: Any) -> None:
    account = sdk.v1.accounts.create(EXPRESS)
    other = make_sdk(sandbox, "sk_test_other")
    for call in (
        lambda: other.v1.accounts.retrieve(account.id),
        lambda: other.v1.accounts.update(account.id, {"metadata": {"a": "1"}}),
        lambda: other.v1.accounts.delete(account.id),
        lambda: other.v1.accounts.external_accounts.list(account.id),
        lambda: other.v1.accounts.external_accounts.create(account.id, {"external_account": "btok_us_verified"}),
        lambda: other.v1.accounts.retrieve("acct_nobody"),
    ):
        with pytest.raises(stripe.PermissionError) as refused:
            call()
        assert '"account_invalid"' in str(refused.value.http_body)
    assert other.v1.accounts.list().data == []


def test_a_deleted_account_is_gone_for_its_platform(sdk: Any) -> None:
    account = sdk.v1.accounts.create(EXPRESS)
    assert sdk.v1.accounts.delete(account.id).to_dict() == {"id": account.id, "object": "account", "deleted": True}
    with pytest.raises(stripe.PermissionError, match="does not have access to account"):
        sdk.v1.accounts.retrieve(account.id)
    with pytest.raises(stripe.PermissionError):
        sdk.v1.balance.retrieve(options={"stripe_account": account.id})
    assert sdk.v1.accounts.list().data == []


def test_a_payout_schedule_needs_its_days(sdk: Any) -> None:
    account = sdk.v1.accounts.create({"type": "custom"})

    def schedule(**asked: Any) -> Any:
        changed = sdk.v1.accounts.update(account.id, {"settings": {"payouts": {"schedule": asked}}})
        return changed.to_dict()["settings"]["payouts"]["schedule"]

    assert account.to_dict()["settings"]["payouts"]["schedule"] == {"delay_days": 2, "interval": "daily"}
    assert schedule(interval="manual") == {"delay_days": 2, "interval": "manual"}
    assert schedule(interval="weekly", weekly_anchor="monday")["weekly_payout_days"] == ["monday"]
    assert schedule(interval="monthly", monthly_anchor=31, delay_days="minimum")["monthly_anchor"] == 31
    assert schedule(interval="daily", delay_days=7) == {"delay_days": 7, "interval": "daily"}
    for wrong in ({"interval": "weekly"}, {"interval": "monthly", "monthly_anchor": 32}, {"delay_days": 1}):
        with pytest.raises(stripe.InvalidRequestError):
            schedule(**wrong)


def test_capabilities_can_be_given_back(sdk: Any) -> None:
    account = sdk.v1.accounts.create(COMPLETE)
    changed = sdk.v1.accounts.update(account.id, {"capabilities": {"card_payments": {"requested": False}}})
    assert changed.to_dict()["capabilities"] == {"transfers": "active"}


def test_a_company_is_asked_for_its_name_and_number(sdk: Any) -> None:
    params = {name: value for name, value in COMPLETE.items() if name != "individual"}
    account = sdk.v1.accounts.create(params | {"business_type": "company"})
    assert "company.tax_id" in account.to_dict()["requirements"]["currently_due"]
    company: Any = {"name": "Rosen", "phone": "0000000000", "tax_id": "000000000", "address": PERSON["address"]}
    changed = sdk.v1.accounts.update(account.id, {"company": company})
    assert changed.payouts_enabled
    assert changed.company.to_dict()["tax_id_provided"] is True
    assert "000000000" not in str(changed.company.to_dict()).replace("0000000000", "")


def test_a_connected_account_makes_no_accounts(sdk: Any) -> None:
    account = sdk.v1.accounts.create(EXPRESS)
    with pytest.raises(stripe.InvalidRequestError, match="signed up for Connect"):
        sdk.v1.accounts.create(EXPRESS, {"stripe_account": account.id})


def test_a_bank_account_can_come_with_the_account(sdk: Any, raw: Callable[..., Any]) -> None:
    account = sdk.v1.accounts.create(EXPRESS | {"external_account": BANK})
    assert [one["last4"] for one in account.to_dict()["external_accounts"]["data"]] == ["6789"]
    raw_account = raw("GET", f"/v1/accounts/{account.id}")
    assert "000123456789" not in raw_account.text
