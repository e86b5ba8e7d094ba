"""Withdrawing on the pages: the form, why not, and each withdrawal on a page of its own."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from sqlalchemy import text

from randonumber.database import transaction
from tests.payouts.test_withdrawing import platform
from tests.payouts.withdrawers import CREATE, change, count, stored
from tests.people import csrf_token, make_user, sign_in, submit

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.payouts.withdrawers import Withdrawer


@pytest.fixture
def visitor(client: FlaskClient, withdrawer: Withdrawer) -> FlaskClient:
    sign_in(client, withdrawer.person)
    return client


def send(client: FlaskClient, **fields: str) -> TestResponse:
    given = {"form_ref": secrets.token_urlsafe(16), **fields}
    return submit(client, "/wallet/withdrawals", "/wallet", **given)


def grow_stale() -> None:
    with transaction() as session:
        session.execute(text("UPDATE user_sessions SET verified_at = now() - interval '6 minutes'"))


def test_the_wallet_offers_it_and_the_page_of_a_withdrawal_tells_its_story(
    visitor: FlaskClient, withdrawer: Withdrawer
) -> None:
    page = visitor.get("/wallet").text
    assert withdrawer.account in page
    assert "Withdraw all $50.00" in page
    answer = send(visitor, amount="20.00")
    assert answer.status_code == 303
    page = visitor.get(answer.headers["Location"]).text
    assert "It is at your Stripe account" in page
    assert "$20.00" in page
    assert withdrawer.account in page
    assert "http-equiv" not in page, "what has ended needs no second look"
    assert answer.headers["Location"].rsplit("/", 1)[1] in visitor.get("/wallet").text
    assert withdrawer.received() == 2000


@pytest.mark.parametrize("fields", [{"all": "1"}, {"all": "1", "amount": "12"}, {"amount": "all"}])
def test_all_wins_over_what_is_typed(visitor: FlaskClient, withdrawer: Withdrawer, fields: dict[str, str]) -> None:
    assert send(visitor, **fields).status_code == 303
    assert withdrawer.left == 0


@pytest.mark.parametrize(("typed", "cents"), [("12.50", 1250), ("12,50", 1250), (" $20 ", 2000), ("0012.5", 1250)])
def test_amounts_as_people_type_them(visitor: FlaskClient, withdrawer: Withdrawer, typed: str, cents: int) -> None:
    assert send(visitor, amount=typed).status_code == 303
    assert withdrawer.left == 5000 - cents


@pytest.mark.parametrize(
    "typed",
    ["", "0", "0.00", "-1", "1e3", "0.001", "12.505", "NaN", "inf", "1,234.50", "9" * 30, "٣", "\x00", "0x10", "20 20"],
)
def test_what_is_no_amount_comes_back_with_a_sentence_and_leaves_nothing(
    visitor: FlaskClient, withdrawer: Withdrawer, typed: str
) -> None:
    answer = send(visitor, amount=typed)
    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert (count("withdrawals"), withdrawer.left) == (0, 5000)


@pytest.mark.parametrize("fields", [{"form_ref": ""}, {"form_ref": "short"}, {"form_ref": "abcdefgh\x00"}])
def test_a_form_without_its_name_is_refused(visitor: FlaskClient, fields: dict[str, str]) -> None:
    answer = send(visitor, amount="20", **fields)
    assert (answer.status_code, "send the form again" in answer.text) == (422, True)
    assert count("withdrawals") == 0


def test_a_refusal_keeps_what_was_typed_and_says_every_reason(visitor: FlaskClient, withdrawer: Withdrawer) -> None:
    withdrawer.owe(100)
    answer = send(visitor, amount="60.00")
    assert answer.status_code == 422
    assert 'value="60.00"' in answer.text
    assert "Your wallet holds $50.00" in answer.text
    assert "You owe $1.00" in answer.text
    assert count("withdrawals") == 0


def test_who_cannot_withdraw_reads_why_with_the_way_to_mend_it(visitor: FlaskClient) -> None:
    with transaction() as session:
        session.execute(text("UPDATE payout_accounts SET disconnected_at = now(), disconnect_reason = 'user'"))
    page = visitor.get("/wallet").text
    assert "No Stripe account is connected" in page
    assert 'href="/payouts"' in page
    assert 'action="/wallet/withdrawals"' not in page


def test_a_password_given_long_ago_is_asked_for_and_the_amount_is_kept(
    visitor: FlaskClient, withdrawer: Withdrawer
) -> None:
    token = csrf_token(visitor, "/wallet")
    grow_stale()
    fields = {"csrf_token": token, "amount": "12,50", "form_ref": "form-0001"}
    answer = visitor.post("/wallet/withdrawals", data=fields)
    back = f"/wallet?withdraw={quote('12,50')}"
    assert answer.headers["Location"] == f"/verify?next={quote(back, safe='')}"
    assert (answer.status_code, count("withdrawals")) == (303, 0)
    answer = submit(
        visitor, "/verify", f"/verify?next={quote(back, safe='')}", password=withdrawer.person.password, next=back
    )
    assert answer.headers["Location"].endswith(back)
    page = visitor.get(answer.headers["Location"]).text
    assert 'value="12,50"' in page
    assert "press the button again to withdraw" in page
    assert send(visitor, amount="12,50").status_code == 303


def test_what_waits_is_cancelled_on_its_page(visitor: FlaskClient, withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.client.v1.payouts.create({"amount": platform(withdrawer), "currency": "usd"})
    address = send(visitor, amount="20").headers["Location"]
    page = visitor.get(address).text
    assert "Stripe cannot send it yet" in page
    assert 'http-equiv="refresh"' in page
    answer = submit(visitor, f"{address}/cancel", address)
    assert (answer.status_code, withdrawer.left) == (303, 5000)
    assert "cancelled before anything was sent" in visitor.get(address).text


def test_too_late_to_cancel_is_said(visitor: FlaskClient, withdrawer: Withdrawer) -> None:
    address = send(visitor, amount="20").headers["Location"]
    submit(visitor, f"{address}/cancel", "/wallet")
    assert "too late" in visitor.get(address).text
    assert stored(address.rsplit("/", 1)[1]).status == "paid"


def test_an_unknown_outcome_is_shown_as_what_it_is(visitor: FlaskClient, withdrawer: Withdrawer) -> None:
    withdrawer.sandbox.fault(CREATE, "reset_after")
    address = send(visitor, amount="20").headers["Location"]
    page = visitor.get(address).text
    assert "has not answered yet" in page
    assert "Cancel this withdrawal" not in page


def test_a_stranger_finds_nothing(visitor: FlaskClient, withdrawer: Withdrawer, committed: Flask) -> None:
    address = send(visitor, amount="20").headers["Location"]
    stranger = committed.test_client()
    sign_in(stranger, make_user())
    assert stranger.get(address).status_code == 404
    token = csrf_token(stranger, "/wallet")
    assert stranger.post(f"{address}/cancel", data={"csrf_token": token}).status_code == 404
    assert stranger.get("/wallet/withdrawals/wd_nothing").status_code == 404
    assert address.rsplit("/", 1)[1] not in stranger.get("/wallet/withdrawals").text
    assert committed.test_client().get(address).status_code == 303
    assert committed.test_client().post("/wallet/withdrawals", data={"amount": "20"}).status_code == 400


def test_the_list_has_pages(visitor: FlaskClient, withdrawer: Withdrawer) -> None:
    ref = send(visitor, amount="20").headers["Location"].rsplit("/", 1)[1]
    assert ref in visitor.get("/wallet/withdrawals").text
    assert "No withdrawals yet" in visitor.get(f"/wallet/withdrawals?before={ref}").text
    assert visitor.get("/wallet/withdrawals?before=wd_x").status_code == 400


def test_an_account_that_pays_no_bank_yet_is_a_warning_alone(visitor: FlaskClient, withdrawer: Withdrawer) -> None:
    change(payouts_enabled=False)
    assert "does not pay out to your bank yet" in visitor.get("/wallet").text
    assert send(visitor, amount="20").status_code == 303
    assert withdrawer.received() == 2000
