"""A purchase and everything that may become of its payment: the books agree to the cent whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.credits.bank import Bank, owed
from tests.credits.conftest import count, stored
from tests.credits.refunding import draw_credits, refund, without_credits
from tests.credits.scenes import PRICE_MINOR, Scene
from tests.people import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask
    from flask.testing import FlaskClient

    from tests.credits.conftest import Buyer
    from tests.stripe_fixtures import DeliverWebhooks, RunJobs, StripeSandbox

SPENT = 4
A_WEEK = 7 * 24 * 3600


@pytest.fixture
def scene(
    committed: Flask,
    client: FlaskClient,
    buyer: Buyer,
    sandbox: StripeSandbox,
    deliver_webhooks: DeliverWebhooks,
    run_jobs: RunJobs,
) -> Scene:
    without_credits(buyer.person)
    sign_in(client, buyer.person)
    return Scene(
        app=committed,
        client=client,
        buyer=buyer,
        sandbox=sandbox,
        bank=Bank(sandbox=sandbox),
        deliver=deliver_webhooks,
        run_jobs=run_jobs,
    )


def kept(scene: Scene, ref: str) -> None:
    """Nothing happens to it any more."""


def returned_by_the_buyer(scene: Scene, ref: str) -> None:
    assert scene.post(f"/credits/purchases/{ref}/refund").status_code == 303
    scene.deliver()
    scene.sandbox.advance(A_WEEK)


def returned_in_part_by_an_operator(scene: Scene, ref: str) -> None:
    scene.command("credits", "refund", ref, "--amount", "4.50", "--reason", "slow numbers")
    scene.sandbox.advance(A_WEEK)


def returned_in_the_dashboard(scene: Scene, ref: str) -> None:
    scene.bank.refunds(charge(ref), PRICE_MINOR)
    scene.sandbox.advance(A_WEEK)


def returned_and_bounced(scene: Scene, ref: str) -> None:
    returned_by_the_buyer(scene, ref)
    scene.deliver()
    scene.bank.returns(refund(ref).stripe_refund_id or "")


def returned_in_the_dashboard_and_bounced(scene: Scene, ref: str) -> None:
    given = scene.bank.refunds(charge(ref), PRICE_MINOR)
    scene.deliver()
    scene.sandbox.advance(A_WEEK)
    scene.deliver()
    scene.bank.returns(given)


def disputed(scene: Scene, ref: str) -> None:
    scene.bank.disputes(charge(ref))


def disputed_and_won(scene: Scene, ref: str) -> None:
    dispute = scene.bank.disputes(charge(ref))
    scene.deliver()
    scene.bank.decides(dispute, won=True)


def disputed_and_lost(scene: Scene, ref: str) -> None:
    dispute = scene.bank.disputes(charge(ref))
    scene.deliver()
    scene.bank.decides(dispute, won=False)


def returned_in_part_then_disputed_and_lost(scene: Scene, ref: str) -> None:
    scene.bank.refunds(charge(ref), 450)
    scene.deliver()
    scene.sandbox.advance(A_WEEK)
    disputed_and_lost(scene, ref)


def charge(ref: str) -> str:
    found = stored(ref).payment_id
    assert found is not None
    return found


FATES: dict[Callable[[Scene, str], None], tuple[str, int, int]] = {
    kept: ("paid", 6, 0),
    returned_by_the_buyer: ("partly_refunded", 0, 0),
    returned_in_part_by_an_operator: ("partly_refunded", 1, 0),
    returned_in_the_dashboard: ("refunded", 0, 4),
    returned_and_bounced: ("paid", 6, 0),
    returned_in_the_dashboard_and_bounced: ("paid", 6, 0),
    disputed: ("disputed", 0, 4),
    disputed_and_won: ("paid", 6, 0),
    disputed_and_lost: ("disputed", 0, 4),
    returned_in_part_then_disputed_and_lost: ("disputed", 0, 4),
}
"""What may become of a purchase of ten, four of them spent: its status, the credits left, the credits owed."""

WAYS: dict[Callable[[Scene], str], Iterable[Callable[[Scene, str], None]]] = {
    Scene.hosted: FATES,
    Scene.custom: FATES,
    Scene.one_click: (kept, returned_by_the_buyer, returned_in_the_dashboard_and_bounced, disputed_and_won),
    Scene.challenged: (kept, returned_in_part_by_an_operator, returned_and_bounced, disputed_and_lost),
    Scene.by_bank: (kept, returned_by_the_buyer, returned_in_the_dashboard_and_bounced, disputed_and_lost),
    Scene.auto_topup: (
        kept, returned_in_the_dashboard, returned_and_bounced, returned_in_part_then_disputed_and_lost,
    ),
    Scene.wallet: (kept, returned_by_the_buyer, returned_in_part_by_an_operator),
}  # fmt: skip
"""Each way to buy with fates of each kind: nothing, a refund, one that bounces, a dispute; all fates for two ways."""


@pytest.mark.pain(12)
@pytest.mark.parametrize(
    ("way", "fate"),
    [pytest.param(way, fate, id=f"{way.__name__}-{fate.__name__}") for way, fates in WAYS.items() for fate in fates],
)
def test_the_books_agree_to_the_cent(
    way: Callable[[Scene], str], fate: Callable[[Scene, str], None], scene: Scene
) -> None:
    ref = way(scene)
    scene.deliver()
    assert (stored(ref).status, stored(ref).method, scene.buyer.credits) == ("paid", method_of(way), 10)
    draw_credits(scene.buyer.person, SPENT)

    fate(scene, ref)
    scene.agrees()

    assert (stored(ref).status, scene.buyer.credits, owed(scene.buyer)) == FATES[fate]


def method_of(way: Callable[[Scene], str]) -> str:
    """Return how the purchase says it was bought."""
    return {"hosted": "checkout", "by_bank": "checkout", "challenged": "one_click"}.get(way.__name__, way.__name__)


@pytest.mark.parametrize("way", [Scene.hosted, Scene.custom, Scene.one_click], ids=lambda way: way.__name__)
def test_a_second_payment_gives_nothing_and_waits_for_an_operator(way: Callable[[Scene], str], scene: Scene) -> None:
    ref = way(scene)
    scene.deliver()
    scene.pay_again(ref, PRICE_MINOR)
    scene.agrees(unmatched=PRICE_MINOR)
    assert (stored(ref).status, scene.buyer.credits) == ("paid", 10)
    assert count("extra_payments") == 1


def test_another_amount_is_put_aside_and_gives_nothing(scene: Scene) -> None:
    ref, _ = scene.started()
    scene.pay_again(ref, PRICE_MINOR - 1)
    scene.agrees(unmatched=PRICE_MINOR - 1)
    assert (stored(ref).status, scene.buyer.credits) == ("review", 0)
