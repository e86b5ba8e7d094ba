"""What the dashboard's lists and pages tell: words, relations, filters, and nothing that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import inprocess
from randonumber.sandbox.ids import account_id
from randonumber.sandbox.pages.dashboard.blueprint import MENU
from randonumber.sandbox.pages.dashboard.kinds import KINDS
from randonumber.sandbox.pages.dashboard.lists import KINDS as LISTS
from randonumber.sandbox.pages.dashboard.stories import STATES
from tests.sandbox.conftest import SESSION, make_sdk

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe
    from flask import Flask

EVIL = '<script>alert("x")</script>'


@pytest.mark.parametrize("kind", [name for _, names in MENU for name in names])
def test_an_empty_list_says_what_will_stand_there(page: Callable[..., Any], kind: str) -> None:
    shown = page(f"/dashboard/objects/{kind}").text
    assert f"<h1>{KINDS[kind].many}</h1>" in shown
    assert KINDS[kind].empty.replace("'", "&#39;") in shown
    assert kind in LISTS


def test_each_state_that_stripe_describes_has_a_sentence(sandbox: Flask) -> None:
    schemas = sandbox.extensions["sandbox"].description.schemas
    for kind, words in STATES.items():
        known = schemas[kind]["properties"].get("status", {}).get("enum", []) if kind in schemas else []
        left = set(known) - set(words) - {"requires_capture"}
        assert not left, f"{kind}: {left}"


def test_a_payment_leads_to_everything_that_belongs_to_it_and_back(
    sandbox: Flask, sdk: stripe.StripeClient, page: Callable[..., Any]
) -> None:
    customer = sdk.v1.customers.create({"email": "ann@example.com"})
    session = sdk.v1.checkout.sessions.create(SESSION | {"customer": customer.id})  # type: ignore[arg-type]
    inprocess.pay(sandbox, session.id, card="4000000000000077")
    charge = sdk.v1.charges.list().data[0]
    refund = sdk.v1.refunds.create({"charge": charge.id, "amount": 100})
    entry = sdk.v1.balance_transactions.list({"source": refund.id}).data[0]
    steps = [
        (customer.id, session.id),
        (session.id, str(charge.payment_intent)),
        (str(charge.payment_intent), charge.id),
        (charge.id, refund.id),
        (refund.id, entry.id),
    ]
    for one, other in steps:
        for here, there in ((one, other), (other, one)):
            related = page(f"/dashboard/object/{here}").text.split('id="related"')[1]
            assert f'href="/dashboard/object/{there}"' in related, (here, there)


def test_lists_are_narrowed_to_an_account(sandbox: Flask, page: Callable[..., Any]) -> None:
    for name in ("one", "two"):
        make_sdk(sandbox, f"sk_test_{name}").v1.customers.create({"email": f"{name}@example.com"})
    both = page("/dashboard/objects/customer").text
    assert "one@example.com" in both
    assert "two@example.com" in both
    own = account_id("sk_test_two")
    alone = page(f"/dashboard/objects/customer?account={own}").text
    assert "one@example.com" not in alone
    assert "two@example.com" in alone
    assert f"/dashboard/objects/charge?account={own}" in alone
    for path in ("/dashboard", "/dashboard/deliveries", "/dashboard/requests", "/dashboard/objects/charge"):
        assert page(f"{path}?account={own}").status_code == 200
        assert page(f"{path}?account=nobody").status_code == 200
    asked = page(f"/dashboard/requests?account={own}").text
    assert asked.count("POST /v1/customers") == 1


def test_what_the_app_wrote_is_shown_and_never_runs(
    sandbox: Flask, sdk: stripe.StripeClient, page: Callable[..., Any]
) -> None:
    customer = sdk.v1.customers.create(
        {"name": EVIL, "description": EVIL, "metadata": {"<b>": EVIL}}, {"idempotency_key": EVIL}
    )
    inprocess.add_fault(sandbox, f"POST /v1/customers/{EVIL.replace('/', '')}", "slow", seconds=1)
    event = sdk.v1.events.list().data[0]
    paths = [
        f"/dashboard/object/{customer.id}",
        f"/dashboard/object/{event.id}",
        "/dashboard/objects/customer",
        "/dashboard/requests",
        "/dashboard/faults",
        "/dashboard",
        f"/dashboard/deliveries?url={EVIL}&state={EVIL}&account={EVIL}",
        f"/dashboard/requests?only={EVIL}&account={EVIL}",
    ]
    for path in paths:
        shown = page(path)
        assert shown.status_code == 200, path
        assert "<script" not in shown.text, path
        assert "<b>" not in shown.text, path
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert "&lt;script&gt;" in page(f"/dashboard/object/{customer.id}").text


def test_a_balance_is_told_after_each_movement(
    sandbox: Flask, sdk: stripe.StripeClient, page: Callable[..., Any], session: Any
) -> None:
    inprocess.pay(sandbox, session.id, card="4000000000000077")
    sdk.v1.refunds.create({"charge": sdk.v1.charges.list().data[0].id, "amount": 200})
    shown = page("/dashboard/objects/balance_transaction").text
    assert shown.count("$6.44 USD") == 1  # after the refund
    assert shown.count("$8.44 USD") == 2  # net of the charge, and after it


def test_the_clock_tells_what_comes_next(sdk: stripe.StripeClient, page: Callable[..., Any], session: Any) -> None:
    assert "the session expires" in page(f"/dashboard/object/{session.id}").text


def test_deliveries_are_found_by_state_and_show_each_attempt(
    sandbox: Flask, sdk: stripe.StripeClient, page: Callable[..., Any]
) -> None:
    sdk.v1.customers.create({})
    [one] = inprocess.deliveries(sandbox, acknowledge=False)
    inprocess.settle(sandbox, one, 500)
    assert "retrying" in page("/dashboard/deliveries?state=pending").text
    assert "There are none like this." in page("/dashboard/deliveries?state=delivered").text
    assert "customer.created" in page(f"/dashboard/deliveries?url={one.url}").text
    assert "There are none like this." in page("/dashboard/deliveries?url=http://elsewhere").text
    shown = page(f"/dashboard/deliveries/{one.id}").text
    for part in ("Next try", "Stripe-Signature", "customer.created", "status 500", one.url):
        assert part in shown
    inprocess.settle(sandbox, one, 200)
    assert "Next try" not in page(f"/dashboard/deliveries/{one.id}").text
    assert "whsec_sandbox" in page("/dashboard/endpoints/0").text


def test_a_fault_is_planned_and_cleared_by_a_form(sdk: stripe.StripeClient, page: Callable[..., Any]) -> None:
    form = {"operation": "POST /v1/customers", "fault": "slow", "seconds": "25", "rate": "0.5", "seed": "7"}
    assert page("/dashboard/faults", form).status_code == 303
    assert "POST /v1/customers" in page("/dashboard").text
    assert "seed 7" in page("/dashboard/faults").text
    assert page("/dashboard/faults/clear", {}).status_code == 303
    assert "All goes well." in page("/dashboard").text


@pytest.mark.parametrize(
    "form",
    [
        {"operation": "", "fault": "slow"},
        {"operation": "*", "fault": "nonsense"},
        {"operation": "*", "fault": "slow", "times": "many"},
        {"operation": "*", "fault": "slow", "rate": "nan"},
        {"operation": "*", "fault": "slow", "seconds": "inf"},
        {"operation": "POST /v1/costumers", "fault": "reset_after"},
        {},
    ],
)
def test_a_fault_that_cannot_be_is_refused_in_place(page: Callable[..., Any], form: dict[str, str]) -> None:
    answer = page("/dashboard/faults", form)
    assert answer.status_code == 422
    assert "Not planned" in answer.text
    assert "All goes well." in page("/dashboard").text


def test_requests_and_deliveries_have_older_pages(sdk: stripe.StripeClient, page: Callable[..., Any]) -> None:
    for number in range(30):
        sdk.v1.customers.create({}, {"idempotency_key": f"key-{number:02}"})
    for path, newest, oldest in (("requests", "key-29", "key-00"), ("deliveries", ">30<", ">1<")):
        first = page(f"/dashboard/{path}").text
        assert newest in first
        assert oldest not in first
        older = first.split(f'href="/dashboard/{path}?before=')[1].split('"')[0]
        assert oldest in page(f"/dashboard/{path}?before={older}").text
        for odd in ("-1", "x", str(10**30)):
            assert page(f"/dashboard/{path}?before={odd}").status_code == 200
    for far in (10**30, -(10**30)):
        assert page(f"/dashboard/objects/customer?before={far}").status_code == 200
