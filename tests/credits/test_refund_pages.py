"""The refund as its buyer sees it: on the purchase's page, in the API; and as an operator types it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from randonumber import clock
from randonumber.credits.service import refunds
from randonumber.database import db, transaction
from tests.credits.conftest import count, stored
from tests.credits.refunding import BOUNCES, CREATE, Shop, agreed, figures, refund, refunds_of
from tests.people import bearer, csrf_token, make_key, make_user, sign_in, submit

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse


A_DAY = 24 * 3600 + 60


@pytest.fixture
def signed_in(shop: Shop, client: FlaskClient) -> FlaskClient:
    sign_in(client, shop.buyer.person)
    return client


def page_of(client: FlaskClient, ref: str) -> str:
    return client.get(f"/credits/purchases/{ref}").text


def press(client: FlaskClient, ref: str, **fields: Any) -> TestResponse:
    page = f"/credits/purchases/{ref}"
    return submit(client, f"{page}/refund", page, **{"form_ref": "back-0001", **fields})


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["credits", "refund", *words])


def test_the_page_says_what_comes_back_and_why_not_more(shop: Shop, signed_in: FlaskClient) -> None:
    ref = shop.buy(100)
    shop.draw(10)
    shown = page_of(signed_in, ref)
    for words in ("Refund $61.00 to Visa ending in 4242", "90 credits", "10 credits, which alone cost $9.00", "$63.00"):
        assert words in shown, words
    assert f"<code>{stored(ref).lot_ref}</code>" in shown


def test_the_button_gives_back_and_leads_to_the_purchase(shop: Shop, signed_in: FlaskClient) -> None:
    ref = shop.buy(10)
    answer = press(signed_in, ref)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/credits/purchases/{ref}")
    assert press(signed_in, ref).status_code == 303, "a double click"
    assert len(refunds_of(ref)) == 1
    shown = page_of(signed_in, ref)
    assert "$9.00" in shown
    assert "All credits of this purchase were given back." in shown
    assert "All that you paid was given back." in shown
    assert "Refund $" not in shown, "no button"


def test_a_refused_form_shows_the_reasons(shop: Shop, signed_in: FlaskClient) -> None:
    ref = shop.buy(10)
    shop.draw(10)
    answer = press(signed_in, ref)
    assert answer.status_code == 422
    assert answer.text.count("All credits of this purchase are spent.") == 1
    wrong = press(signed_in, ref, form_ref="short")
    assert (wrong.status_code, "Please send the form again." in wrong.text) == (422, True)


def test_what_is_gone_in_part_by_draws_and_in_part_by_a_refund_is_said_so(shop: Shop, signed_in: FlaskClient) -> None:
    ref = shop.buy(10)
    shop.draw(2)
    press(signed_in, ref)
    shown = page_of(signed_in, ref)
    assert "some were spent, the rest was given back" in shown
    assert "$7.00 of what you paid was given back." in shown


def test_a_refund_that_did_not_arrive_is_explained_on_the_page(shop: Shop, signed_in: FlaskClient) -> None:
    ref = shop.buy(10, card=BOUNCES)
    press(signed_in, ref)
    assert "did not arrive" not in page_of(signed_in, ref)
    shop.sandbox.advance(A_DAY)
    shop.deliver()
    shown = page_of(signed_in, ref)
    assert "The last refund did not arrive" in shown
    assert "answer the mail that we sent you" in shown


def test_a_form_of_another_purchase_is_refused(shop: Shop, signed_in: FlaskClient) -> None:
    first, second = shop.buy(10), shop.buy(10, form_ref="form-0002")
    press(signed_in, first)
    answer = press(signed_in, second)
    assert (answer.status_code, "made its refund already" in answer.text) == (422, True)
    assert refunds_of(second) == []


def test_a_program_is_told_the_reasons_by_their_codes(shop: Shop, signed_in: FlaskClient) -> None:
    ref = shop.buy(10)
    shop.draw(10)
    answer = signed_in.post(
        f"/credits/purchases/{ref}/refund",
        data={"csrf_token": csrf_token(signed_in, f"/credits/purchases/{ref}"), "form_ref": "back-0001"},
        headers={"Accept": "application/json"},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (409, "refused")
    assert answer.get_json()["reasons"] == [
        {"code": "nothing_left", "message": "All credits of this purchase are spent.", "until": None}
    ]


def test_a_stranger_finds_nothing(shop: Shop, committed: Flask) -> None:
    ref = shop.buy(10)
    stranger = committed.test_client()
    sign_in(stranger, make_user())
    for form_ref in ("back-0001", "short"):
        answer = submit(stranger, f"/credits/purchases/{ref}/refund", "/credits", form_ref=form_ref)
        assert answer.status_code == 404
    assert refunds_of(ref) == []


def test_the_api_says_what_is_refundable(shop: Shop, client: FlaskClient) -> None:
    key = bearer(make_key(shop.buyer.person))
    whole, part, none = (shop.buy(size, form_ref=f"form-{size:04}") for size in (10, 100, 1))
    shop.draw(10)
    shop.give_back(none)
    listed = client.get("/api/v1/purchases", headers=key).get_json()["data"]
    found = {row["purchase"]: row["refundable_amount"] for row in listed}
    assert found == {whole: 0, part: 7000, none: 0}
    shop.draw(10)
    one = client.get(f"/api/v1/purchases/{part}", headers=key).get_json()
    assert (one["refundable_amount"], one["status"]) == (6100, "paid")
    assert client.get(f"/api/v1/purchases/{none}", headers=key).get_json()["status"] == "refunded"


def test_what_a_page_of_purchases_gives_back_is_asked_by_one_query(shop: Shop) -> None:
    bought = [stored(shop.buy(1, form_ref=f"form-{number:04}")) for number in range(3)]
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with transaction() as session:
            assert set(refunds.refundable_amounts(session, bought).values()) == {100}
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) == 1


@pytest.mark.pain(14)
def test_an_operator_gives_back_in_parts_and_never_more_than_was_paid(shop: Shop, committed: Flask) -> None:
    ref = shop.buy(10)
    shop.draw(7)
    first = run(committed, ref, "--amount", "4.50", "--reason", "slow")
    assert (first.exit_code, "$4.50 back, 5 credits taken" in first.output) == (0, True), first.output
    assert (shop.credits, shop.owed, figures(ref)) == (0, 2, ("partly_refunded", 450, 5))
    too_much = run(committed, ref, "--amount", "4.51", "--reason", "slow")
    assert (too_much.exit_code, "$4.50" in too_much.output) == (1, True)
    rest = run(committed, ref, "--reason", "slow")
    assert (rest.exit_code, figures(ref)) == (0, ("refunded", 900, 10))
    assert shop.owed == 7
    assert run(committed, ref, "--reason", "slow").exit_code == 1
    shop.deliver()
    agreed()
    assert count("transactions", "kind = 'refund_hold' AND reason = 'slow' AND actor LIKE 'operator:%'") == 2


def test_a_dry_run_changes_nothing_and_asks_nobody(shop: Shop, committed: Flask) -> None:
    ref = shop.buy(10)
    tried = run(committed, ref, "--amount", "1.00", "--reason", "slow", "--dry-run")
    assert (tried.exit_code, "1 credits taken; dry run" in tried.output) == (0, True), tried.output
    assert (refunds_of(ref), figures(ref), shop.sandbox.sent(CREATE)) == ([], ("paid", 0, 0), [])
    assert count("stripe_calls", "operation = 'refund.create'") == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("pur_none", "--reason", "x"), "no purchase"),
        (("REF", "--reason", " "), "Give a reason"),
        (("REF", "--reason", "x", "--amount", "0"), "$0.01"),
        (("REF", "--reason", "x", "--amount", "-1"), "Type an amount"),
        (("REF", "--reason", "x", "--amount", "1e3"), "Type an amount"),
    ],
)
def test_an_operator_is_told_what_is_wrong(shop: Shop, committed: Flask, words: tuple[str, ...], says: str) -> None:
    ref = shop.buy(10)
    answer = run(committed, *(ref if word == "REF" else word for word in words))
    assert answer.exit_code != 0
    assert says in answer.output
    assert refunds_of(ref) == []


def test_an_operator_is_bound_by_no_window_and_no_number(shop: Shop, committed: Flask) -> None:
    ref = shop.buy(10)
    with clock.frozen(clock.now() + timedelta(days=90)):
        assert run(committed, ref, "--reason", "kind").exit_code == 0
    assert refund(ref).origin == "operator"


def test_a_disputed_payment_is_not_given_back(shop: Shop, committed: Flask) -> None:
    started = shop.buyer.start(10)
    assert started.url is not None
    shop.sandbox.pay(started.url, card="4000000000000259")
    answer_before = run(committed, started.ref, "--reason", "x")
    assert (answer_before.exit_code, "is pending" in answer_before.output) == (1, True)
    shop.deliver()
    answer = run(committed, started.ref, "--reason", "x")
    assert (answer.exit_code, "charge_disputed" in answer.output) == (1, True)
    with pytest.raises(refunds.NotRefundable) as refused:
        shop.give_back(started.ref)
    assert [reason.code for reason in refused.value.reasons] == ["disputed"], (
        "what the bank took is not called a refund"
    )
    assert shop.sandbox.sent(CREATE) == []
