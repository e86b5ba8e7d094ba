from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import types


def test_a_customer_is_made_changed_and_deleted(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"email": "a@example.com", "name": "Ann", "phone": "1"})
    assert customer.id.startswith("cus_")
    changed = sdk.v1.customers.update(customer.id, {"name": "Bea", "phone": ""})
    assert (changed.name, changed.phone, changed.email) == ("Bea", None, "a@example.com")
    assert sdk.v1.customers.delete(customer.id).to_dict() == {"id": customer.id, "object": "customer", "deleted": True}
    assert sdk.v1.customers.retrieve(customer.id).deleted
    assert types(sdk) == ["customer.created", "customer.updated", "customer.deleted"]


def test_an_update_event_tells_what_changed(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"name": "Ann", "metadata": {"a": "1"}})
    sdk.v1.customers.update(customer.id, {"name": "Bea"})
    event = sdk.v1.events.list({"type": "customer.updated"}).data[0]
    assert event.data["previous_attributes"].to_dict() == {"name": "Ann"}
    sdk.v1.customers.update(customer.id, {"name": "Bea"})
    assert types(sdk).count("customer.updated") == 1, "nothing changed, so nothing is told"


def test_an_update_event_tells_of_a_hash_only_what_changed_in_it(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create(
        {"metadata": {"a": "1", "b": "2"}, "address": {"city": "Bern", "line1": "Way 1"}}
    )
    card = sdk.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id}).id
    sdk.v1.customers.update(
        customer.id, {"metadata": {"a": "", "c": "3"}, "invoice_settings": {"default_payment_method": card}}
    )
    sdk.v1.customers.update(customer.id, {"address": ""})
    last, first = (event.data.to_dict() for event in sdk.v1.events.list({"type": "customer.updated"}).data)
    assert first["previous_attributes"] == {
        "metadata": {"a": "1", "c": None},
        "invoice_settings": {"default_payment_method": None},
    }
    assert last["previous_attributes"]["address"]["city"] == "Bern", "a hash that went is told whole"


def test_a_deleted_customer_cannot_be_used(sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({})
    sdk.v1.customers.delete(customer.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.customers.update(customer.id, {"name": "x"})
    assert refused.value.http_status == 404
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.payment_intents.create({"amount": 900, "currency": "usd", "customer": customer.id})
    assert (refused.value.http_status, refused.value.param) == (400, "customer")


def test_an_unknown_customer_is_404_in_stripes_words(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.customers.retrieve("cus_none")
    assert refused.value.http_status == 404
    assert refused.value.user_message == "No such customer: 'cus_none'"
    assert (refused.value.code, refused.value.param) == ("resource_missing", "id")


def test_card_tokens_are_refused_since_stripe_retired_them(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Card Token usage on the Customers API and Charges API has"):
        sdk.v1.customers.create({"source": "tok_visa"})


@pytest.mark.parametrize("email", ["nonsense", "a b@example.com", "@example.com", "a@", "a\x01@example.com"])
def test_what_is_plainly_no_address_is_refused(sdk: stripe.StripeClient, email: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Invalid email address"):
        sdk.v1.customers.create({"email": email})


def test_addresses_and_shipping_have_every_key(sdk: stripe.StripeClient) -> None:
    params: Any = {"address": {"city": "Bern"}, "shipping": {"name": "Ann", "address": {"line1": "Way 1"}}}
    customer = sdk.v1.customers.create(params)
    assert customer.address
    assert set(customer.address.to_dict()) == {"city", "country", "line1", "line2", "postal_code", "state"}
    assert sdk.v1.customers.update(customer.id, {"address": ""}).address is None


def test_what_is_not_there_yet_is_said_plainly(sdk: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="The sandbox does not do"):
        sdk.v1.customers.create({"test_clock": "clock_1"})
