"""Credits without a payment: each a posting with an actor and a reason, and never twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from randonumber import clock, hooks, ledger
from randonumber.credits import service
from randonumber.credits.service import granting
from randonumber.database import transaction
from randonumber.errors import InsufficientCredits, InvalidRequest, NotFound
from randonumber.ledger import Move, accounts, queries
from tests.credits.conftest import FREE_CREDITS, Buyer, count
from tests.people import make_user

if TYPE_CHECKING:
    from click.testing import Result
    from flask import Flask
    from sqlalchemy.orm import Session


def grant(session: Session, buyer: Buyer, number: int = 5, ref: str | None = None) -> ledger.Posted:
    return service.grant(
        session, user_id=buyer.person.id, credits_=number, reason="sorry", actor="operator:ann", ref=ref
    )


def test_a_new_account_with_a_confirmed_address_has_its_free_credits_once(committed: Flask, buyer: Buyer) -> None:
    assert buyer.credits == FREE_CREDITS
    person = hooks.Person(user_id=buyer.person.id, ref=buyer.person.ref, email=buyer.person.email)
    with transaction() as session:
        hooks.run_sign_up(committed, session, person)
        hooks.run_confirmed(committed, session, person)
    assert buyer.credits == FREE_CREDITS
    with transaction() as session:
        row = session.execute(text("SELECT ref, actor, reason FROM transactions WHERE kind = 'grant'")).one()
    assert row.ref == f"signup:{buyer.person.ref}"
    assert row.actor == f"user:{buyer.person.ref}"
    assert row.reason == granting.SIGN_UP_REASON


def test_an_address_that_is_not_confirmed_has_accounts_and_no_credits(
    committed: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = committed.extensions["config"]
    monkeypatch.setitem(committed.extensions, "config", replace(config, stripe_api_base=None))
    person = make_user(confirmed=False)
    with transaction() as session:
        assert queries.credits_left(session, person.id) == 0
        assert queries.wallet_balances(session, person.id).available == 0


def test_free_credits_may_be_none_or_end_after_some_days(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    config = committed.extensions["config"]
    monkeypatch.setitem(committed.extensions, "config", replace(config, free_credits=0))
    assert Buyer(person=make_user()).credits == 0
    monkeypatch.setitem(committed.extensions, "config", replace(config, free_credits_expire_days=7))
    late = Buyer(person=make_user())
    assert late.credits == FREE_CREDITS
    with clock.frozen(clock.now() + timedelta(days=8)):
        assert late.credits == 0


def test_a_grant_is_spent_before_what_was_paid(buyer: Buyer, session: Session) -> None:
    grant(session, buyer)
    lots = queries.open_lots(session, buyer.person.id)
    assert {lot.priority for lot in lots} == {ledger.LotPriority.PROMOTIONAL}
    assert sum(lot.left for lot in lots) == FREE_CREDITS + 5


def test_a_grant_with_the_same_ref_is_given_once_also_at_once(buyer: Buyer, committed: Flask) -> None:
    def give(_: int) -> bool:
        with committed.app_context(), transaction() as session:
            return grant(session, buyer, ref="campaign:1").created

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(give, range(8))) == 1
    assert buyer.credits == FREE_CREDITS + 5
    assert count("accounts", "lot_source_ref = 'campaign:1'") == 1


def test_a_grant_repays_what_is_owed_first(buyer: Buyer, session: Session) -> None:
    debt = accounts.credit_debt(buyer.person.id)
    owed = Move(source=debt, destination=accounts.CREDITS_REVOKED, amount=7)
    ledger.post(session, kind="refund_external", ref="re_1", entries=[owed], actor="test", user_id=buyer.person.id)
    grant(session, buyer, 5)
    assert queries.wallet_balances(session, buyer.person.id).debt_credit == 2
    assert queries.credits_left(session, buyer.person.id) == FREE_CREDITS


@pytest.mark.parametrize("number", [0, -1, granting.MOST_AT_ONCE + 1])
@pytest.mark.parametrize("act", [service.grant, service.revoke])
def test_a_number_that_makes_no_sense_is_refused(buyer: Buyer, session: Session, number: int, act: object) -> None:
    with pytest.raises(InvalidRequest):
        act(session, user_id=buyer.person.id, credits_=number, reason="x", actor="test")  # type: ignore[operator]


@pytest.mark.parametrize("act", [service.grant, service.revoke])
def test_without_a_reason_nothing_moves(buyer: Buyer, session: Session, act: object) -> None:
    with pytest.raises(InvalidRequest):
        act(session, user_id=buyer.person.id, credits_=1, reason="  ", actor="test")  # type: ignore[operator]


def test_nobody_is_given_nothing(session: Session) -> None:
    with pytest.raises(NotFound):
        service.grant(session, user_id=2**40, credits_=1, reason="x", actor="test")


def test_a_revocation_takes_unspent_credits_from_several_lots(buyer: Buyer, session: Session) -> None:
    grant(session, buyer)
    revoked = service.revoke(session, user_id=buyer.person.id, credits_=6, reason="a mistake", actor="operator:ann")
    assert (revoked.credits, revoked.lots) == (6, 2)
    assert queries.credits_left(session, buyer.person.id) == FREE_CREDITS + 5 - 6


def test_more_than_is_left_is_not_revoked_in_part(buyer: Buyer, session: Session) -> None:
    with pytest.raises(InsufficientCredits):
        service.revoke(session, user_id=buyer.person.id, credits_=4, reason="x", actor="test")
    assert queries.credits_left(session, buyer.person.id) == FREE_CREDITS


def test_revocations_at_once_never_take_more_than_there_is(buyer: Buyer, committed: Flask) -> None:
    def take(_: int) -> int:
        with committed.app_context():
            try:
                with transaction() as session:
                    service.revoke(session, user_id=buyer.person.id, credits_=1, reason="x", actor="test")
            except InsufficientCredits:
                return 0
            return 1

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(8))) == FREE_CREDITS
    assert buyer.credits == 0


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["credits", *arguments])


def test_the_commands_post_with_an_operator_and_a_reason(committed: Flask, buyer: Buyer) -> None:
    done = run(committed, "grant", buyer.person.email, "7", "--reason", "sorry for the wait")
    assert done.exit_code == 0, done.output
    assert "3 credits before, 10 after" in done.output
    assert buyer.credits == FREE_CREDITS + 7
    done = run(committed, "revoke", buyer.person.ref, "2", "--reason", "too many")
    assert done.exit_code == 0, done.output
    assert buyer.credits == FREE_CREDITS + 5
    with transaction() as session:
        rows = session.execute(
            text("SELECT kind, reason FROM transactions WHERE actor LIKE 'operator:%' ORDER BY id")
        ).all()
    assert [tuple(row) for row in rows] == [("grant", "sorry for the wait"), ("revoke", "too many")]


def test_a_dry_run_says_what_would_be_and_changes_nothing(committed: Flask, buyer: Buyer) -> None:
    for command in ("grant", "revoke"):
        done = run(committed, command, buyer.person.email, "2", "--reason", "x", "--dry-run")
        assert done.exit_code == 0, done.output
        assert "nothing was changed" in done.output
    assert buyer.credits == FREE_CREDITS
    assert count("transactions", "actor LIKE 'operator:%'") == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("grant", "nobody@example.com", "1", "--reason", "x"), "no user"),
        (("grant", "USER", "0", "--reason", "x"), "range"),
        (("grant", "USER", "1.5", "--reason", "x"), "integer"),
        (("grant", "USER", "1"), "--reason"),
        (("grant", "USER", "1", "--reason", " "), "reason"),
        (("revoke", "USER", "99", "--reason", "x"), "Only 3 unspent credits"),
    ],
)
def test_a_command_that_makes_no_sense_says_why(
    committed: Flask, buyer: Buyer, arguments: tuple[str, ...], says: str
) -> None:
    done = run(committed, *(buyer.person.email if one == "USER" else one for one in arguments))
    assert done.exit_code != 0
    assert says in done.output
    assert buyer.credits == FREE_CREDITS
