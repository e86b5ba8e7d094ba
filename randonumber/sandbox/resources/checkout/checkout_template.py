"""A Checkout Session as Stripe shows it, with every key, before anybody paid."""

from randonumber.sandbox.resources.payments import bank, intents
from randonumber.sandbox.scope import Json, Scope

# What a session shows among its options for each payment method that it offers.
OPTIONS: dict[str, Json] = {
    "card": {"request_three_d_secure": "automatic"},
    bank.METHOD: {"verification_method": "automatic"},
}


def blank(session_id: str, scope: Scope, params: Json, types: list[str]) -> Json:
    """Return a new session that offers these payment methods; amounts, expiry and metadata are the caller's."""
    return {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "amount_subtotal": None,
        "amount_total": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": scope.now,
        "currency": None,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": custom_text(params),
        "customer": params.get("customer"),
        "customer_account": None,
        "customer_creation": None if params.get("customer") else params.get("customer_creation", "if_required"),
        "customer_details": known_customer(params.get("customer_email")),
        "customer_email": params.get("customer_email"),
        "discounts": [],
        "expires_at": None,
        "integration_identifier": params.get("integration_identifier"),
        "invoice": None,
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                "account_tax_ids": None,
                "custom_fields": None,
                "description": None,
                "footer": None,
                "issuer": None,
                "metadata": {},
                "rendering_options": None,
            },
        },
        "livemode": False,
        "locale": params.get("locale"),
        "managed_payments": {"enabled": False},
        "metadata": {},
        "mode": params["mode"],
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": intents.configuration(scope, params),
        "payment_method_options": {name: dict(OPTIONS[name]) for name in types},
        "payment_method_types": types,
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{scope.base_url}/checkout/{session_id}",
        "wallet_options": None,
    }


def custom_text(params: Json) -> Json:
    """Return the texts that may be shown on the page."""
    names = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    given = params.get("custom_text") or {}
    return {name: given.get(name) or None for name in names}


def known_customer(email: str | None) -> Json | None:
    """Return what is known of the buyer before the page is opened."""
    return customer_details(email, None) if email else None


def known_details(before: Json | None, email: str | None, name: str | None) -> Json:
    """Return the buyer as the page learnt of them, with what was known before."""
    found = customer_details(email, name or (before or {}).get("name"))
    return found | {"tax_ids": []}


def customer_details(email: str | None, name: str | None) -> Json:
    """Return the buyer as the page learnt of them."""
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }
