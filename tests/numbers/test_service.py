"""A draw and what pays for it stand or fall together."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock
from randonumber.database import driver_connection, single_statements, transaction
from randonumber.errors import AccountBarred, Forbidden, InsufficientCredits, Unauthorized
from randonumber.ledger import Move, accounts, post
from randonumber.numbers import queries, service
from randonumber.numbers.service import Drawn, KeyPays, UserPays
from randonumber.numbers.wishes import DIGIT, Integers
from tests import drawing, people

if TYPE_CHECKING:
    from tests.people import Person

pytestmark = pytest.mark.usefixtures("committed")


def pays(person: Person, form_ref: str | None = None) -> UserPays:
    return UserPays(user_id=person.id, actor=f"user:{person.ref}", form_ref=form_ref)


def key_pays(key: str) -> KeyPays:
    from randonumber.auth import tokens

    return KeyPays(key_hash=tokens.digest(key), actor=f"key:{key[:15]}")


def draw(payer: UserPays | KeyPays, n: int = 1) -> Drawn:
    with single_statements() as connection:
        return service.draw(connection, payer, Integers(minimum=0, maximum=9, n=n))


def lots_of(person: Person) -> list[int]:
    with transaction() as session:
        rows = session.execute(
            text("SELECT balance FROM accounts WHERE user_id = :id AND kind = 'lot' ORDER BY id"), {"id": person.id}
        )
        return list(rows.scalars())


def test_a_draw_keeps_its_values_and_takes_its_credits() -> None:
    person = drawing.buyer(10)
    drawn = draw(pays(person), 4)
    assert drawn.credits_left == drawing.left(person) == 6
    with transaction() as session:
        kept = queries.get_draw(session, person.id, drawn.ref)
    assert (kept.values, kept.n, kept.credits, kept.type) == (drawn.values, 4, 4, "integer")
    assert kept.request == {"min": 0, "max": 9, "n": 4}
    assert kept.created_at == drawn.created_at


def test_the_transaction_of_a_draw_says_who_asked() -> None:
    person = drawing.buyer(2)
    key = people.make_key(person)
    by_key = draw(key_pays(key))
    by_hand = draw(pays(person))
    with transaction() as session:
        rows = session.execute(text("SELECT ref, actor FROM transactions WHERE kind = 'spend'"))
        actors = {row.ref: row.actor for row in rows}
        with_key = queries.get_draw(session, person.id, by_key.ref)
    assert actors[by_key.ref] == f"key:{key[:15]}"
    assert actors[by_hand.ref] == f"user:{person.ref}"
    assert with_key.api_key_id is not None


def test_one_draw_takes_from_several_lots_the_soonest_to_expire_first() -> None:
    person = drawing.buyer(0)
    before = len(lots_of(person))
    drawing.give(person, 3)
    drawing.give(person, 3, expires_at=clock.now() + timedelta(days=2))
    drawing.give(person, 3, expires_at=clock.now() + timedelta(days=1))
    assert draw(pays(person), 5).credits_left == 4
    assert lots_of(person)[before:] == [3, 1, 0]


@pytest.mark.pain(11)
def test_what_has_expired_pays_for_nothing() -> None:
    person = drawing.buyer(0)
    drawing.give(person, 5, expires_at=clock.now() + timedelta(hours=1))
    with clock.frozen(clock.now() + timedelta(hours=2)), pytest.raises(InsufficientCredits) as refusal:
        draw(pays(person))
    assert refusal.value.extra["credits_left"] == 0


def test_too_few_credits_say_how_many_and_where_to_buy() -> None:
    person = drawing.buyer(2)
    draws = drawing.count("draws")
    with pytest.raises(InsufficientCredits) as refusal:
        draw(pays(person), 3)
    assert refusal.value.extra == {
        "credits_needed": 3,
        "credits_left": 2,
        "buy_url": "http://127.0.0.1:5000/credits",
    }
    assert (drawing.left(person), drawing.count("draws")) == (2, draws)


def test_whoever_owes_credits_cannot_draw() -> None:
    person = drawing.buyer(5)
    with transaction() as session:
        accounts.open_user_accounts(session, person.id)
        owed = [Move(source=accounts.credit_debt(person.id), destination="credits:revoked", amount=1)]
        post(session, kind="revoke", ref="test", entries=owed, actor="operator:test", user_id=person.id)
    with pytest.raises(AccountBarred):
        draw(pays(person))
    assert drawing.left(person) == 5


def test_a_key_draws_only_with_its_scope() -> None:
    person = drawing.buyer(2)
    with pytest.raises(Forbidden):
        draw(key_pays(people.make_key(person, ["read"])))
    assert drawing.left(person) == 2


def test_a_key_that_is_unknown_or_revoked_or_of_a_shut_account_opens_nothing() -> None:
    person = drawing.buyer(2)
    key = people.make_key(person)
    with pytest.raises(Unauthorized):
        draw(key_pays(key + "x"))
    with transaction() as session:
        session.execute(text("UPDATE api_keys SET revoked_at = now()"))
    with pytest.raises(Unauthorized):
        draw(key_pays(key))
    working = people.make_key(person)
    with transaction() as session:
        session.execute(text("UPDATE users SET active = false"))
    for payer in (key_pays(working), pays(person)):
        with pytest.raises(Unauthorized):
            draw(payer)
    assert drawing.left(person) == 2


def test_the_last_use_of_a_key_is_noted_once_a_minute() -> None:
    person = drawing.buyer(5)
    payer = key_pays(people.make_key(person))
    start = clock.now()
    noted = []
    for seconds in (0, 30, 59, 61, 90):
        with clock.frozen(start + timedelta(seconds=seconds)):
            draw(payer)
        with transaction() as session:
            noted.append((session.execute(text("SELECT last_used_at FROM api_keys")).scalar_one() - start).seconds)
    assert noted == [0, 0, 0, 61, 61]


def test_a_draw_that_dies_before_its_commit_leaves_nothing() -> None:
    person = drawing.buyer(2)
    draws = drawing.count("draws")

    def draw_and_die() -> None:
        with transaction() as session:
            service.draw(driver_connection(session), pays(person), DIGIT)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_and_die()
    assert (drawing.left(person), drawing.count("draws")) == (2, draws)


def test_a_form_that_comes_twice_draws_once() -> None:
    person = drawing.buyer(5)
    first = service.draw_once(pays(person, "form-0001"), DIGIT)
    assert service.draw_once(pays(person, "form-0001"), DIGIT) == first
    assert service.draw_once(pays(person, "form-0002"), DIGIT) != first
    assert drawing.left(person) == 3


def test_a_form_that_comes_again_with_another_wish_is_refused() -> None:
    person = drawing.buyer(5)
    service.draw_once(pays(person, "form-0001"), DIGIT)
    with pytest.raises(service.FormUsed):
        service.draw_once(pays(person, "form-0001"), Integers(minimum=0, maximum=9, n=2))
    assert drawing.left(person) == 4


def test_the_same_form_ref_of_two_people_is_two_forms() -> None:
    one, other = drawing.buyer(1), drawing.buyer(1)
    assert service.draw_once(pays(one, "form-0001"), DIGIT) != service.draw_once(pays(other, "form-0001"), DIGIT)
