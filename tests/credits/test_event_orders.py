"""Whatever the order in which the events of a purchase arrive, and however often: the same balances and states.

Five events of one purchase, in all their 120 orders, each order twice over: its session completed, its payment
succeeded, a part refunded, the rest disputed, the dispute closed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import permutations, product
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import text

from randonumber.database import db, transaction
from randonumber.inbox import dispatch
from randonumber.ledger import checks
from randonumber.reconciliation.service import reconcile
from randonumber.sandbox.inprocess import SandboxHTTPClient
from tests.credits.bank import Bank
from tests.credits.conftest import FREE_CREDITS, stored
from tests.stripe_fixtures import stripe_through

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from flask import Flask

    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, StripeSandbox

BEGINNING: Final = (
    "checkout.session.completed",
    "payment_intent.succeeded",
    "charge.refunded",
    "charge.dispute.created",
)
CLOSED: Final = "charge.dispute.closed"
REFUND_MINOR: Final = 300
SOME: Final = 12
PARTS: Final = 4
DRAWN_PLANS: Final = 15

_DUMP: Final = {
    "purchases": "SELECT status, credits, refunded_minor, disputed_minor, revoked_credits FROM purchases",
    "refunds": "SELECT status, amount_minor, is_booked FROM refunds",
    "disputes": "SELECT status, withdrawn_minor, reinstated_minor, lost_minor FROM disputes",
    "extra": "SELECT payment_id FROM extra_payments",
    "lots": "SELECT lot_source, lot_credits, balance FROM accounts WHERE kind = 'lot' ORDER BY 1, 2",
    "owed": "SELECT currency, balance FROM accounts WHERE kind = 'debt' ORDER BY 1",
    "house": """
        SELECT code, coalesce(sum(CASE WHEN accounts.id = destination_id THEN amount ELSE -amount END), 0)::bigint
          FROM accounts LEFT JOIN entries ON accounts.id IN (source_id, destination_id)
         WHERE kind = 'house' GROUP BY code ORDER BY code""",
    "postings": "SELECT kind, count(*) FROM transactions GROUP BY kind ORDER BY kind",
    "receipts": "SELECT count(*) FROM mail_messages WHERE template = 'receipt'",
    "events": "SELECT status, count(*) FROM inbox_events GROUP BY status",
}


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What comes last: at Stripe, as the fifth event, and for the purchase."""

    happens: Callable[[Bank, str, str], None]
    event: str
    status: str
    refunded: int
    disputed: int
    revoked: int


def lost(bank: Bank, dispute: str, _refund: str) -> None:
    bank.decides(dispute, won=False)


def won(bank: Bank, dispute: str, _refund: str) -> None:
    bank.decides(dispute, won=True)


def refund_fails(bank: Bank, _dispute: str, refund: str) -> None:
    bank.returns(refund)


ENDINGS: Final = {
    "lost": Ending(happens=lost, event=CLOSED, status="disputed", refunded=300, disputed=600, revoked=10),
    "won": Ending(happens=won, event=CLOSED, status="partly_refunded", refunded=300, disputed=0, revoked=3),
    "refund fails": Ending(
        happens=refund_fails, event="refund.failed", status="disputed", refunded=0, disputed=600, revoked=6
    ),
}


class Remembering(SandboxHTTPClient):
    """A transport that asks the sandbox each thing once: nothing changes there while events are delivered."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._answers: dict[str, Any] = {}

    def request(self, method: str, url: str, *rest: Any, **more: Any) -> Any:
        assert method == "get", "an event writes nothing to Stripe"
        if url not in self._answers:
            self._answers[url] = super().request(method, url, *rest, **more)
        return self._answers[url]


@pytest.fixture
def bank(sandbox: StripeSandbox) -> Bank:
    return Bank(sandbox=sandbox)


@pytest.fixture
def rewind(committed: Flask) -> Iterator[Callable[[], None]]:
    """Return what keeps the database as it is at the first call, and brings it back there at each further one."""
    scripts: list[str] = []

    def tables() -> list[str]:
        with db.engine.connect() as connection:
            query = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> :version")
            return list(connection.execute(query, {"version": "alembic_version"}).scalars())

    def run(script: str) -> None:
        with db.engine.begin() as connection:
            connection.exec_driver_sql(script)

    def rewind() -> None:
        if not scripts:
            names = tables()
            run("CREATE SCHEMA kept; " + "; ".join(f'CREATE TABLE kept."{name}" AS TABLE "{name}"' for name in names))
            scripts.extend(f'DELETE FROM "{name}"; {_filling(name)}' for name in names)  # noqa: S608
            return
        run("SET LOCAL session_replication_role = replica; " + "; ".join(scripts))

    yield rewind
    run("DROP SCHEMA IF EXISTS kept CASCADE")


def _filling(table: str) -> str:
    query = text("SELECT attname FROM pg_attribute WHERE attrelid = cast(:name AS regclass) AND attnum > 0"
                 " AND NOT attisdropped AND attgenerated = ''")  # fmt: skip
    with db.engine.connect() as connection:
        columns = ", ".join(f'"{name}"' for name in connection.execute(query, {"name": table}).scalars())
    return f'INSERT INTO "{table}" ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM kept."{table}"'  # noqa: S608


def dump() -> Mapping[str, Any]:
    """Return every balance and state that the events leave behind."""
    with transaction() as session:
        return {name: [tuple(row) for row in session.execute(text(query))] for name, query in _DUMP.items()}


def broken() -> list[str]:
    with transaction() as session:
        return [result.id for result in checks.run(session, prefix="A") if not result.holds]


def events_of(types: Sequence[str], before: Iterable[str] = ()) -> list[str]:
    """Return the newest stored event of each type that is none of those before."""
    query = text(
        "SELECT id FROM inbox_events WHERE type = :type AND NOT id = ANY (:before)"
        " ORDER BY created_at DESC, id DESC LIMIT 1"
    )
    with transaction() as session:
        return [session.execute(query, {"type": one, "before": list(before)}).scalar_one() for one in types]


def put_others_away(ids: Sequence[str]) -> None:
    with transaction() as session:
        session.execute(text("DELETE FROM inbox_events WHERE NOT id = ANY (:ids)"), {"ids": list(ids)})


def again(ids: Sequence[str]) -> None:
    """Let events have their effect once more."""
    with transaction() as session:
        assert all(dispatch.replay(session, one) for one in ids)
    deliver(ids)


def deliver(ids: Sequence[str]) -> None:
    for one in ids:
        assert dispatch.dispatch(one) == dispatch.Dispatched.CLOSED


@pytest.mark.pain(7)
@pytest.mark.pain(14)
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "part"), [*(("lost", part) for part in range(PARTS)), ("won", None), ("refund fails", None)]
)
def test_all_orders_of_five_events_end_the_same(
    buyer: Buyer,
    sandbox: StripeSandbox,
    bank: Bank,
    committed: Flask,
    deliver_webhooks: DeliverWebhooks,
    rewind: Callable[[], None],
    name: str,
    part: int | None,
) -> None:
    ending = ENDINGS[name]
    ref, ids = all_five(buyer, sandbox, bank, deliver_webhooks, ending)
    rewind()
    chosen = orders(ids, part)
    with stripe_through(committed, Remembering(sandbox.app)):
        deliver(ids)
        stands = dump()
        assert_ended(ref, ending, stands)
        for order in chosen:
            rewind()
            deliver(order)
            assert dump() == stands, order
            again(order[::-1])
            assert dump() == stands, f"delivered twice: {order}"
        assert reconcile().agrees
        assert broken() == []


def assert_ended(ref: str, ending: Ending, stands: Mapping[str, Any]) -> None:
    """The purchase and the books are where this ending leaves them."""
    assert_figures(ref, ending)
    left = 10 - ending.revoked
    assert stands["lots"] == [("grant", FREE_CREDITS, FREE_CREDITS), ("purchase", 10, left)]
    assert stands["owed"] == [("credit", 0), ("usd", 0)]
    house = dict(stands["house"])
    assert (house["sales"], house["disputes:held"] + house["disputes:lost"]) == (
        900 - ending.refunded,
        -ending.disputed,
    )
    assert house["stripe:balance"] == ending.refunded + ending.disputed - 900


def assert_figures(ref: str, ending: Ending) -> None:
    purchase = stored(ref)
    figures = purchase.status, purchase.refunded_minor, purchase.disputed_minor, purchase.revoked_credits
    assert figures == (ending.status, ending.refunded, ending.disputed, ending.revoked)


def orders(ids: Sequence[str], part: int | None) -> list[tuple[str, ...]]:
    """Return a part of all 120 orders of the events, or a few of them for an ending that goes the same way."""
    everyone = list(permutations(ids))
    return random.Random(7).sample(everyone, SOME) if part is None else everyone[part::PARTS]  # noqa: S311 - no secret


def all_five(
    buyer: Buyer, sandbox: StripeSandbox, bank: Bank, deliver_webhooks: DeliverWebhooks, ending: Ending
) -> tuple[str, list[str]]:
    """Let everything happen at Stripe before the first event is handled; return the purchase and the five events."""
    started = buyer.start()
    assert started.url is not None
    sandbox.pay(started.url)
    [charge] = sandbox.client.v1.charges.list().data
    refund = bank.refunds(charge.id, REFUND_MINOR)
    ending.happens(bank, bank.disputes(charge.id), refund)
    deliver_webhooks(run=False)
    ids = events_of([*BEGINNING, ending.event])
    put_others_away(ids)
    return started.ref, ids


def plans() -> list[tuple[int, ...]]:
    """Return every way to bring the five events late: for each the step of Stripe's, 0 to 3, that it waits for."""
    happen_at = (0, 0, 1, 2, 3)
    return list(product(*(range(step, 4) for step in happen_at)))


@pytest.mark.pain(7)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ENDINGS)
def test_events_that_come_while_things_go_on_at_stripe_end_the_same(
    buyer: Buyer, sandbox: StripeSandbox, bank: Bank, deliver_webhooks: DeliverWebhooks, name: str
) -> None:
    ending = ENDINGS[name]
    chosen = random.Random(name).sample(plans(), DRAWN_PLANS // len(ENDINGS))  # noqa: S311 - an order, no secret
    for number, plan in enumerate(chosen):
        ref = step_by_step(buyer, sandbox, bank, deliver_webhooks, ending, plan, f"form-{number:04}")
        assert_figures(ref, ending)
        assert broken() == [], plan
    report = reconcile()
    assert (report.agrees, report.unmatched) == (True, 0)


def step_by_step(
    buyer: Buyer,
    sandbox: StripeSandbox,
    bank: Bank,
    deliver_webhooks: DeliverWebhooks,
    ending: Ending,
    plan: Sequence[int],
    form_ref: str,
) -> str:
    """Take a purchase from its payment to its end, each event handled after the step that the plan names."""
    started = buyer.start(form_ref=form_ref)
    assert started.url is not None
    sandbox.pay(started.url)
    charge = str(sandbox.client.v1.charges.list({"limit": 1}).data[0].id)
    made: dict[str, str] = {}
    steps: list[Callable[[], None]] = [
        lambda: None,
        lambda: made.update(refund=bank.refunds(charge, REFUND_MINOR)),
        lambda: made.update(dispute=bank.disputes(charge)),
        lambda: ending.happens(bank, made["dispute"], made["refund"]),
    ]
    types = [*BEGINNING, ending.event]
    with transaction() as session:
        before = set(session.scalars(text("SELECT id FROM inbox_events")))
    for now, step in enumerate(steps):
        step()
        deliver_webhooks(run=False)
        due = [types[index] for index, at in enumerate(plan) if at == now]
        ids = events_of(due, before)
        deliver(ids)
    return started.ref
