"""Paying on our own page in Stripe's fields, under the page's own policy, with nothing on the console."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.visitor import DECLINED_CARD, GOOD_CARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.visitor import Visitor
    from tests.whole.checkout import Checkout

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

FRAME = 'iframe[title="Secure payment input frame"]:not([aria-hidden])'
PAY = "form[data-pay] button[type=submit]:not([data-pay-hosted])"
ERROR = "[data-pay-error]:not(:empty)"
CHALLENGED_CARD = "4000002500003155"


@pytest.fixture
def person(visit: Callable[..., Visitor]) -> Visitor:
    """Somebody new, at the form."""
    found = visit()
    found.register()
    open_form(found)
    return found


def open_form(person: Visitor, path: str = "/credits") -> None:
    person.go(path)
    person.page.frame_locator(FRAME).get_by_label("Card number").wait_for()


def type_card(page: Page, number: str = GOOD_CARD) -> None:
    """Type a card into Stripe's fields, key by key."""
    fields = page.frame_locator(FRAME)
    for label, text in {"Card number": number, "Expiration date": "1240", "Security code": "123"}.items():
        field = fields.get_by_label(label)
        field.fill("")
        field.press_sequentially(text)


def choose(page: Page, quantity: int, price: str) -> None:
    """Write a quantity and wait until the button names its price."""
    page.fill("form[data-pay] [name=quantity]", str(quantity))
    page.wait_for_selector(f"{PAY} >> text={price}")


def answer_bank(person: Visitor, answer: str) -> None:
    person.page.wait_for_url(re.compile("/challenge/"))
    person.page.click(f"button[name=action][value={answer}]")


def test_a_card_pays_what_the_button_says_and_where_to(person: Visitor) -> None:
    choose(person.page, 30, "$27.00")
    assert person.page.inner_text(PAY) == "Pay $27.00 to Rando Number"
    type_card(person.page)
    assert person.audit() == []
    person.page.click(PAY)
    person.wait_until_paid()
    assert "secret" not in person.page.url
    assert person.credits_left() == 33


def test_the_keyboard_is_enough(person: Visitor) -> None:
    person.page.focus("form[data-pay] [name=quantity]")
    person.page.keyboard.press("Tab")
    for text in (GOOD_CARD, "1240", "123"):
        person.page.keyboard.type(text)
        person.page.keyboard.press("Tab")
    person.page.keyboard.press("Tab")  # past the box that saves the card
    assert person.page.evaluate(f"document.activeElement.matches('{PAY}')")
    person.page.keyboard.press("Enter")
    person.wait_until_paid()


def test_after_a_decline_another_card_pays_the_same_purchase(person: Visitor, shop: Checkout) -> None:
    type_card(person.page, DECLINED_CARD)
    person.page.click(PAY)
    assert person.page.inner_text(ERROR) == "Your card was declined."
    assert person.page.locator(PAY).get_attribute("aria-busy") is None
    assert person.audit() == []
    type_card(person.page)
    person.page.click(PAY)
    person.wait_until_paid()
    assert person.credits_left() == 28
    person.go("/credits/purchases")
    assert person.page.locator("main tbody tr").count() == 1


@pytest.mark.pain(5)
def test_another_quantity_after_a_decline_is_paid_and_the_first_is_not(person: Visitor) -> None:
    type_card(person.page, DECLINED_CARD)
    person.page.click(PAY)
    person.page.wait_for_selector(ERROR)
    choose(person.page, 100, "$70.00")
    type_card(person.page)
    person.page.click(PAY)
    person.wait_until_paid()
    assert person.credits_left() == 103
    person.go("/credits/purchases")
    states = person.page.locator("main tbody .status").all_inner_texts()
    assert sorted(states) == ["expired", "paid"]


def test_a_quantity_that_was_changed_a_moment_ago_is_not_charged_before_its_price_was_shown(person: Visitor) -> None:
    type_card(person.page)
    person.page.evaluate(
        f"""() => {{
            const field = document.querySelector("form[data-pay] [name=quantity]");
            field.value = "1000";
            field.dispatchEvent(new Event("input"));
            document.querySelector("{PAY}").click();
        }}"""
    )
    assert "$500.00" in person.page.inner_text(ERROR)
    assert person.page.inner_text(PAY) == "Pay $500.00 to Rando Number"
    person.go("/credits/purchases")
    assert person.page.locator("main tbody tr").count() == 0


@pytest.mark.parametrize("saves", [False, True], ids=["once", "and saved"])
def test_the_bank_asks_and_the_credits_come(person: Visitor, saves: bool) -> None:  # noqa: FBT001
    if saves:
        person.page.check("[data-pay-save]")
    type_card(person.page, CHALLENGED_CARD)
    person.page.click(PAY)
    answer_bank(person, "complete")
    person.wait_until_paid()
    assert person.credits_left() == 28


def test_who_fails_the_banks_question_reads_why_and_tries_again_with_the_same_purchase(person: Visitor) -> None:
    type_card(person.page, CHALLENGED_CARD)
    person.page.click(PAY)
    answer_bank(person, "fail")
    person.page.wait_for_selector("text=could not confirm that it was you")
    assert person.audit() == []
    assert person.credits_left() == 3
    person.page.click("text=Try again")
    person.page.frame_locator(FRAME).get_by_label("Card number").wait_for()
    type_card(person.page)
    person.page.click(PAY)
    person.wait_until_paid()
    assert person.credits_left() == 28
    person.go("/credits/purchases")
    assert person.page.locator("main tbody tr").count() == 1


def test_a_card_that_is_not_whole_is_said_and_nothing_is_ordered(person: Visitor) -> None:
    person.page.click(PAY)
    person.page.wait_for_selector(ERROR)
    person.go("/credits/purchases")
    assert person.page.locator("main tbody tr").count() == 0


def test_pressed_twice_it_is_one_purchase(person: Visitor) -> None:
    type_card(person.page)
    person.page.dblclick(PAY)
    person.wait_until_paid()
    person.go("/credits/purchases")
    assert person.page.locator("main tbody tr").count() == 1
    assert person.credits_left() == 28


def test_where_stripes_script_is_blocked_the_form_leads_to_the_hosted_page(visit: Callable[..., Visitor]) -> None:
    person = visit()
    person.register()
    person.context.route(re.compile(r"//[^/]+/js/stripe\.js"), lambda route: route.abort())
    person.go("/credits")
    person.page.wait_for_selector("text=could not be loaded here")
    assert not person.page.is_visible("[data-pay-fields]")
    person.page.fill("form[data-pay] [name=quantity]", "30")
    person.page.wait_for_selector(f"{PAY} >> text=$27.00")
    person.page.click(PAY)
    person.page.wait_for_url(re.compile("/checkout/cs_"))
    assert all("net::ERR_FAILED" in message for message in person.messages)
    person.messages.clear()


def test_who_prefers_stripes_page_gets_there_from_the_same_form(person: Visitor) -> None:
    person.page.click("[data-pay-hosted]")
    person.page.wait_for_url(re.compile("/checkout/cs_"))
    person.pay()
    person.wait_until_paid()
    assert person.credits_left() == 28


def test_when_the_line_breaks_it_says_so_and_the_next_press_goes_on(person: Visitor) -> None:
    type_card(person.page)
    person.context.route(re.compile("/credits/payment-intents"), lambda route: route.abort())
    person.page.click(PAY)
    assert "connection broke" in person.page.inner_text(ERROR)
    person.context.unroute(re.compile("/credits/payment-intents"))
    person.messages.clear()
    person.page.click(PAY)
    person.wait_until_paid()
    assert person.credits_left() == 28
