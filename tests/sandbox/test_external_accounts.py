from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox.inprocess import sandbox_of
from randonumber.sandbox.inprocess_connect import onboard
from randonumber.sandbox.resources.connect import bank_accounts, external_accounts
from randonumber.sandbox.scope import unit
from tests.sandbox.driven.connect import BANK, COMPLETE, LINK

if TYPE_CHECKING:
    from flask import Flask

TOKENS = [
    ("btok_us_verified", None),
    ("btok_us_verified_noAccount", "no_account"),
    ("btok_us_verified_accountClosed", "account_closed"),
    ("btok_us_verified_insufficientFunds", "insufficient_funds"),
    ("btok_us_verified_debitNotAuthorized", "debit_not_authorized"),
    ("btok_us_verified_invalidCurrency", "invalid_currency"),
]


@pytest.fixture
def account(sdk: Any) -> str:
    """A complete Custom account with one bank account."""
    return str(sdk.v1.accounts.create(COMPLETE).id)


def told(sdk: Any, account: str) -> list[str]:
    """The types of an account's events, oldest first."""
    return [event.type for event in sdk.v1.events.list({"limit": 100}, {"stripe_account": account}).data][::-1]


@pytest.mark.parametrize(("token", "code"), TOKENS)
def test_each_test_token_stands_for_a_number_with_an_end(
    sandbox: Flask, sdk: Any, account: str, token: str, code: str | None
) -> None:
    sdk.v1.accounts.update(account, {"external_account": token})
    with unit(sandbox_of(sandbox), account) as scope:
        bank = external_accounts.default(scope, "usd")
        assert bank
        assert external_accounts.failure_code(bank) == code


@pytest.mark.parametrize("number", sorted(bank_accounts.US_NUMBERS))
def test_each_test_number_is_taken_and_never_shown(sdk: Any, account: str, number: str) -> None:
    bank = sdk.v1.accounts.external_accounts.create(account, {"external_account": BANK | {"account_number": number}})
    assert (bank.last4, bank.bank_name, bank.status) == (number[-4:], "STRIPE TEST BANK", "new")
    assert number not in str(bank)


WRONG = [
    (
        {"account_number": "123456789"},
        "You must use a test bank account number in test mode.",
        "account_number_invalid",
    ),
    ({"routing_number": "12345"}, "Routing number must have 9 digits", "routing_number_invalid"),
    ({"routing_number": "110000001"}, "Invalid routing number: 110000001", "routing_number_invalid"),
    ({"country": "ZZ"}, "ZZ is not currently supported by Stripe.", "country_unsupported"),
    ({"currency": "xxx"}, "Invalid currency: xxx", None),
]


@pytest.mark.parametrize(("changed", "sentence", "code"), WRONG)
def test_a_wrong_bank_account_is_refused_and_the_old_one_stays(
    sdk: Any, account: str, changed: dict[str, str], sentence: str, code: str | None
) -> None:
    calls: list[Any] = [
        lambda: sdk.v1.accounts.external_accounts.create(account, {"external_account": BANK | changed}),
        lambda: sdk.v1.accounts.update(account, {"external_account": BANK | changed}),
    ]
    for call in calls:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            call()
        assert sentence in str(refused.value)
        assert refused.value.code == code
    assert [one.last4 for one in sdk.v1.accounts.external_accounts.list(account).data] == ["6789"]


def test_an_unknown_token_and_none_at_all_are_refused(sdk: Any, account: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such token: 'btok_x'"):
        sdk.v1.accounts.external_accounts.create(account, {"external_account": "btok_x"})
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: external_account"):
        sdk.v1.accounts.external_accounts.create(account, {"default_for_currency": True})


def test_one_more_is_the_default_only_when_asked(sdk: Any, account: str) -> None:
    def defaults() -> list[bool]:
        return [one.default_for_currency for one in sdk.v1.accounts.external_accounts.list(account).data]

    second = sdk.v1.accounts.external_accounts.create(account, {"external_account": "btok_us_verified_noAccount"})
    assert second.default_for_currency is False
    assert defaults() == [False, True]
    sdk.v1.accounts.external_accounts.create(
        account, {"external_account": BANK, "default_for_currency": True, "metadata": {"a": "1"}}
    )
    assert defaults() == [True, False, False]
    assert told(sdk, account).count("account.external_account.created") == 3


def test_the_first_one_turns_payouts_on(sdk: Any) -> None:
    params = {name: value for name, value in COMPLETE.items() if name != "external_account"}
    account = sdk.v1.accounts.create(params).id
    bank = sdk.v1.accounts.external_accounts.create(account, {"external_account": BANK})
    assert bank.default_for_currency is True
    assert sdk.v1.accounts.retrieve(account).payouts_enabled is True


def test_one_given_with_the_account_takes_the_place_of_the_default(sdk: Any, account: str) -> None:
    changed = sdk.v1.accounts.update(account, {"external_account": "btok_us_verified_accountClosed"})
    assert [one["last4"] for one in changed.to_dict()["external_accounts"]["data"]] == ["1113"]
    assert told(sdk, account)[-3:] == [
        "account.external_account.created",
        "account.external_account.deleted",
        "account.updated",
    ]


def test_each_currency_has_a_default_of_its_own(sdk: Any, account: str) -> None:
    euro: Any = {
        "object": "bank_account",
        "country": "DE",
        "currency": "eur",
        "account_number": "DE89370400440532013000",
    }
    bank = sdk.v1.accounts.external_accounts.create(account, {"external_account": euro})
    assert (bank.currency, bank.default_for_currency, bank.last4) == ("eur", True, "3000")
    assert {one.default_for_currency for one in sdk.v1.accounts.external_accounts.list(account).data} == {True}


def test_cards_are_listed_apart_and_there_are_none(sdk: Any, account: str) -> None:
    listed = sdk.v1.accounts.external_accounts.list
    assert listed(account, {"object": "card"}).data == []
    assert len(listed(account, {"object": "bank_account", "limit": 1}).data) == 1


def test_the_platform_has_a_bank_account_of_its_own_that_pays_out(sandbox: Flask, sdk: Any) -> None:
    own = sdk.v1.accounts.retrieve_current().id
    first = sdk.v1.accounts.external_accounts.list(own).data
    assert [one.last4 for one in first] == ["6789"]
    with unit(sandbox_of(sandbox), own) as scope:
        bank = external_accounts.default(scope, "usd")
        assert bank
        assert bank.body["id"] == first[0].id
        assert external_accounts.default(scope, "eur") is None


def test_after_a_failed_payout_the_owner_gives_another_bank_account(sandbox: Flask, sdk: Any, account: str) -> None:
    bank = sdk.v1.accounts.external_accounts.list(account).data[0]
    with unit(sandbox_of(sandbox), account) as scope:
        external_accounts.errored(scope, bank.id)
    found = sdk.v1.accounts.retrieve(account).to_dict()
    assert found["payouts_enabled"] is False
    assert found["requirements"]["currently_due"] == ["external_account"]
    assert found["external_accounts"]["data"][0]["status"] == "errored"
    assert told(sdk, account)[-2:] == ["account.external_account.updated", "account.updated"]
    onboard(sandbox, sdk.v1.account_links.create(LINK | {"account": account}).url)
    assert sdk.v1.accounts.retrieve(account).payouts_enabled is True


def test_a_payout_that_fails_after_the_account_was_deleted_harms_nothing(
    sandbox: Flask, sdk: Any, account: str
) -> None:
    bank = sdk.v1.accounts.external_accounts.list(account).data[0]
    sdk.v1.accounts.delete(account)
    with unit(sandbox_of(sandbox), account) as scope:
        external_accounts.errored(scope, bank.id)
    with pytest.raises(stripe.PermissionError):
        sdk.v1.accounts.retrieve(account)
