"""The fields of a card, as they are typed, pasted and corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser

    from tests.sandbox.browser.buyer import Buyer

pytestmark = pytest.mark.browser

NUMBERS = {
    "4242424242424242": "4242 4242 4242 4242",
    "4242-4242 4242.4242": "4242 4242 4242 4242",
    "42424242424242429999": "4242 4242 4242 4242",
    "378282246310005": "3782 822463 10005",
    "36227206271667": "3622 720627 1667",
    "6200000000000005": "6200 0000 0000 0005",
    "card 4242": "4242",
}
EXPIRIES = {
    "1240": "12 / 40",
    "540": "05 / 40",
    "1/40": "01 / 40",
    "1340": "01 / 34",
    "12/2040": "12 / 2040",
    "12": "12",
    "12/": "12 / ",
    "99": "09 / 9",
}
COMPLAINTS = {
    ("Card number", "4242"): "Your card number is incomplete.",
    ("Card number", "4242424242424241"): "Your card number is invalid.",
    ("Card number", "378282246310005"): "",
    ("Card number", "3056930009020004"): "",
    ("Expiration date", "12"): "Your card's expiration date is incomplete.",
    ("Expiration date", "0040"): "Your card's expiration date is invalid.",
    ("Expiration date", "1220"): "Your card's expiration year is in the past.",
    ("Expiration date", "1299"): "Your card's expiration year is invalid.",
    ("Security code", "12"): "Your card's security code is incomplete.",
    ("Security code", "123"): "",
}


@pytest.fixture
def buyer(visit: Callable[..., Buyer]) -> Buyer:
    """Somebody in front of the fields."""
    found = visit()
    found.open()
    return found


def test_a_number_is_grouped_while_it_is_typed_and_when_it_is_pasted(buyer: Buyer) -> None:
    field = buyer.fields.get_by_label("Card number")
    for text, shown in NUMBERS.items():
        field.fill(text)
        assert field.input_value() == shown
        field.fill("")
        field.press_sequentially(text)
        assert field.input_value() == shown


def test_an_expiry_is_grouped_while_it_is_typed_and_when_it_is_pasted(buyer: Buyer) -> None:
    field = buyer.fields.get_by_label("Expiration date")
    for text, shown in EXPIRIES.items():
        field.fill("")
        field.press_sequentially(text)
        assert field.input_value() == shown, text
    field.fill("12/2040")
    assert field.input_value() == "12 / 2040"


def test_an_expiry_can_be_taken_back_digit_by_digit(buyer: Buyer) -> None:
    field = buyer.fields.get_by_label("Expiration date")
    field.press_sequentially("1240")
    for _ in range(4):
        field.press("Backspace")
    assert field.input_value() in ("1", "")
    field.press("Backspace")
    field.press_sequentially("0741")
    assert field.input_value() == "07 / 41"


def test_a_digit_in_the_middle_is_corrected_where_the_caret_is(buyer: Buyer) -> None:
    field = buyer.fields.get_by_label("Card number")
    field.press_sequentially("4142424242424242")
    field.evaluate("field => field.setSelectionRange(1, 2)")
    field.press("2")
    field.press("2")
    assert field.input_value() == "4224 2424 2424 2424"
    assert field.evaluate("field => field.selectionStart") == 3


def test_the_network_is_named(buyer: Buyer) -> None:
    for head, name in {"4": "Visa", "55": "Mastercard", "34": "American Express", "9": ""}.items():
        buyer.fields.get_by_label("Card number").fill(head)
        assert buyer.fields.locator("#brand").inner_text() == name


def test_a_complaint_stands_beside_its_field_when_it_is_left_and_goes_when_it_is_typed_in(buyer: Buyer) -> None:
    for (label, text), complaint in COMPLAINTS.items():
        field = buyer.fields.get_by_label(label)
        error = buyer.fields.locator("#" + (field.get_attribute("aria-describedby") or "").split()[-1])
        field.fill(text)
        assert error.text_content() == ""
        field.blur()
        assert error.text_content() == complaint, text
        assert (field.get_attribute("aria-invalid") == "true") == bool(complaint)


def test_browsers_and_telephones_know_the_fields(buyer: Buyer) -> None:
    for label, name in {"Card number": "cc-number", "Expiration date": "cc-exp", "Security code": "cc-csc"}.items():
        field = buyer.fields.get_by_label(label)
        assert field.get_attribute("autocomplete") == name
        assert field.get_attribute("inputmode") == "numeric"


def test_a_frame_speaks_to_the_origin_it_was_opened_for_alone(browser: Browser, shop_url: str, stripe_url: str) -> None:
    page = browser.new_page(base_url=shop_url)
    page.goto("/shop.css")
    heard = page.evaluate(
        """(address) => new Promise((done) => {
            const heard = [];
            addEventListener("message", ({ data }) => heard.push(data.name));
            const frame = document.createElement("iframe");
            frame.src = address;
            frame.addEventListener("load", () => {
              frame.contentWindow.postMessage({ stripejs: true, id: 1, call: "submit", details: {} }, "*");
              setTimeout(() => done(heard), 300);
            });
            document.documentElement.append(frame);
        })""",
        f"{stripe_url}/js/elements/payment?origin=http://other.test",
    )
    inside = next(frame for frame in page.frames if "other.test" in frame.url)
    complaints = inside.locator("[aria-invalid=true]").count()
    page.close()
    assert heard == []
    assert complaints == 0


def test_a_forged_message_is_not_taken_for_the_frames(buyer: Buyer) -> None:
    before = len(buyer.heard("escape"))
    buyer.page.evaluate("postMessage({ stripejs: true, name: 'escape', data: {} }, '*')")
    buyer.page.wait_for_timeout(100)
    assert len(buyer.heard("escape")) == before
    buyer.fields.get_by_label("Card number").press("Escape")
    buyer.page.wait_for_timeout(100)
    assert len(buyer.heard("escape")) == before + 1
