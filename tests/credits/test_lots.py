"""Credits by lot on the account page: from where, at what price, until when, and in the order of spending."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from randonumber import clock
from randonumber.credits.service import grant
from randonumber.database import transaction
from tests.credits.conftest import FREE_CREDITS, Buyer
from tests.credits.refunding import draw_credits
from tests.credits.test_wallet_buying import buy
from tests.credits.wallets import fill
from tests.people import make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


@pytest.fixture
def signed_in(client: FlaskClient, buyer: Buyer) -> FlaskClient:
    sign_in(client, buyer.person)
    return client


def give(buyer: Buyer, number: int, days: int | None = None) -> None:
    expires_at = clock.now() + timedelta(days=days) if days else None
    with transaction() as session:
        grant(session, user_id=buyer.person.id, credits_=number, reason="x", actor="test", expires_at=expires_at)


def lots_on(page: str) -> list[str]:
    """The rows of the first table, as words."""
    table = page.split("<tbody>", 1)[1].split("</tbody>", 1)[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("<tr>")[1:]]


def test_the_account_page_shows_every_lot_in_the_order_of_spending(signed_in: FlaskClient, buyer: Buyer) -> None:
    fill(buyer, 900)
    ref = buy(buyer, 10)
    give(buyer, 5)
    give(buyer, 4, days=7)
    draw_credits(buyer.person, 1)
    page = signed_in.get("/account").text
    rows = lots_on(page)
    assert [row.split(" ", 1)[0] for row in rows] == ["Gift", "Free", "Gift", "Purchase"]
    assert [row.rsplit(" of ", 1)[0].rsplit(" ", 1)[1] for row in rows] == ["3", str(FREE_CREDITS), "5", "10"]
    assert "$0.90" in rows[3]
    assert "free" in rows[0]
    assert "No end" in rows[3]
    assert "No end" not in rows[0]
    assert f'href="/credits/purchases/{ref}"' in page


@pytest.mark.pain(11)
def test_a_lot_whose_time_is_over_is_not_shown_before_it_is_booked(signed_in: FlaskClient, buyer: Buyer) -> None:
    with clock.frozen(clock.now() - timedelta(days=8)):
        give(buyer, 5, days=7)
    assert len(lots_on(signed_in.get("/account").text)) == 1


def test_many_lots_are_summed_up(signed_in: FlaskClient, buyer: Buyer) -> None:
    for _ in range(21):
        give(buyer, 2)
    page = signed_in.get("/account").text
    assert len(lots_on(page)) == 20
    assert "And 2 more with 4 credits in all" in page


def test_lots_are_nobody_elses(signed_in: FlaskClient, buyer: Buyer, committed: Flask) -> None:
    fill(buyer, 900)
    ref = buy(buyer, 10)
    stranger = committed.test_client()
    sign_in(stranger, make_user())
    assert ref not in stranger.get("/account").text
