"""A person with a browser: register, draw, buy, draw again; with and without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.visitor import DECLINED_CARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_person_registers_draws_buys_and_draws_again(visit: Callable[..., Visitor], javascript: bool) -> None:  # noqa: FBT001
    person = visit(java_script_enabled=javascript)
    person.register()
    assert person.credits_left() == 3

    values = person.draw(maximum=6, n=2)
    assert len(values) == 2
    assert set(values) <= set(range(1, 7))
    assert person.credits_left() == 1

    person.choose_pack(10)
    person.pay()
    person.wait_until_paid()
    assert person.credits_left() == 11

    assert len(person.draw(minimum=-5, maximum=5, n=3)) == 3
    assert person.credits_left() == 8


def test_a_declined_card_is_said_and_another_one_works(visit: Callable[..., Visitor]) -> None:
    person = visit()
    person.register()
    person.choose_pack(1)
    hosted = person.page.url
    person.pay(DECLINED_CARD)
    person.page.wait_for_selector("text=/declined/i")
    assert person.page.url.split("?")[0] == hosted.split("?")[0]
    person.pay()
    person.wait_until_paid()
    assert person.credits_left() == 4
