"""Saving a card, buying with one press, and answering the bank, in a browser under the page's own policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

FRAME = 'iframe[title="Secure payment input frame"]:not([aria-hidden])'
GOOD = "4242424242424242"
ASKS_ALWAYS = "4000002760003184"
REFUSES_SAVING = "4000000000000002"
PRESS = "form[action='/credits/one-click'] button[type=submit]"


def type_card(page: Page, number: str) -> None:
    """Type a card into Stripe's fields, key by key."""
    fields = page.frame_locator(FRAME)
    for label, text in {"Card number": number, "Expiration date": "1240", "Security code": "123"}.items():
        field = fields.get_by_label(label)
        field.fill("")
        field.press_sequentially(text)


def save_card(person: Visitor, number: str = GOOD) -> None:
    person.go("/account/cards")
    type_card(person.page, number)
    person.page.click("#save-card button[type=submit]")


def answer_bank(person: Visitor, answer: str = "complete") -> None:
    person.page.wait_for_url(re.compile("/challenge/"))
    person.page.click(f"button[name=action][value={answer}]")


def press(person: Visitor, quantity: int = 10) -> None:
    person.go("/credits")
    person.page.fill("#one-click-quantity", str(quantity))
    person.page.click(PRESS)


def test_a_card_is_saved_pays_with_one_press_and_is_removed(visit: Callable[..., Visitor]) -> None:
    person = visit()
    person.register()
    save_card(person)
    person.page.wait_for_selector("text=Your card is saved.")
    assert "setup_intent" not in person.page.url
    assert person.page.locator("main tbody tr").count() == 1
    assert "Visa ending in 4242" in person.page.inner_text("main tbody tr")
    assert person.audit() == []
    press(person)
    person.wait_until_paid()
    assert person.credits_left() == 13
    person.go("/account/cards")
    person.page.click("text=Remove")
    person.page.wait_for_selector("text=No saved cards yet")
    person.go("/credits")
    assert person.page.locator(PRESS).count() == 0


def test_a_card_that_cannot_be_saved_says_so_beside_its_fields(visit: Callable[..., Visitor]) -> None:
    person = visit()
    person.register()
    save_card(person, REFUSES_SAVING)
    person.page.wait_for_selector("#save-card-error:not([hidden])")
    assert "declined" in person.page.inner_text("#save-card-error")
    type_card(person.page, GOOD)
    person.page.click("#save-card button[type=submit]")
    person.page.wait_for_selector("text=Your card is saved.")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_bank_that_asks_is_answered_on_the_way(visit: Callable[..., Visitor], javascript: bool) -> None:  # noqa: FBT001
    person = visit()
    person.register()
    save_card(person, ASKS_ALWAYS)
    answer_bank(person)
    person.page.wait_for_selector("text=Your card is saved.")
    if not javascript:
        person = without_javascript(visit, person)
    press(person)
    person.page.wait_for_url(re.compile("/credits/purchases/pur_"))
    person.page.click("text=Confirm with your bank")
    answer_bank(person, "fail")
    person.page.wait_for_selector("text=could not confirm that it was you")
    assert person.credits_left() == 3
    person.page.click("text=Confirm with your bank")
    answer_bank(person)
    person.wait_until_paid()
    assert person.credits_left() == 13


def without_javascript(visit: Callable[..., Visitor], person: Visitor) -> Visitor:
    """The same person in a browser without scripts."""
    return visit(java_script_enabled=False, storage_state=person.context.storage_state())
