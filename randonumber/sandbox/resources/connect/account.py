"""The platform account that a key opens."""

from randonumber.sandbox.resources.connect.account_requirements import nothing_due
from randonumber.sandbox.scope import Json, Scope

OPENED_AT = 1735689600  # 2025-01-01: older than anything kept here


def platform(scope: Scope) -> Json:
    """Return the account object of a platform: always open for business, with payouts on request only."""
    return {
        "id": scope.account,
        "object": "account",
        "business_profile": business_profile(),
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": OPENED_AT,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "platform@example.com",
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/accounts/{scope.account}/external_accounts",
        },
        "future_requirements": nothing_due(),
        "metadata": {},
        "payouts_enabled": True,
        "requirements": nothing_due(),
        "settings": settings(),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "standard",
    }


def business_profile() -> Json:
    """Who the platform says it is."""
    return {
        "annual_revenue": None,
        "estimated_worker_count": None,
        "mcc": None,
        "minority_owned_business_designation": None,
        "name": "Sandbox",
        "product_description": None,
        "support_address": None,
        "support_email": None,
        "support_phone": None,
        "support_url": None,
        "url": None,
    }


def settings() -> Json:
    """Return settings of an account whose payouts are made by hand, as a platform that holds wallets needs it."""
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": "Sandbox", "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "offer"},
        "payments": {
            "statement_descriptor": "SANDBOX",
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "manual"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }
