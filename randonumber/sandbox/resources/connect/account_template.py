"""A connected account as it is when it is made."""

from randonumber.sandbox.ids import new_id
from randonumber.sandbox.resources.connect.account import business_profile, settings
from randonumber.sandbox.resources.connect.account_controller import Controller
from randonumber.sandbox.resources.connect.account_countries import currency_of
from randonumber.sandbox.resources.connect.account_requirements import nothing_due
from randonumber.sandbox.scope import Json

# Days that the money of a charge is pending, at least: https://docs.stripe.com/connect/manage-payout-schedule
LEAST_DELAY_DAYS = 2


def fresh(kind: str, controller: Controller, country: str, now: int) -> Json:
    """Return an account that knows nothing of its owner yet."""
    account_id = new_id("account")
    return {
        "id": account_id,
        "object": "account",
        "business_profile": business_profile() | {"name": None},
        "business_type": None,
        "capabilities": {},
        "charges_enabled": False,
        "controller": controller.shown(),
        "country": country.upper(),
        "created": now,
        "default_currency": currency_of(country),
        "details_submitted": False,
        "email": None,
        "external_accounts": bank_list(account_id, []),
        "future_requirements": nothing_due(),
        "metadata": {},
        "payouts_enabled": False,
        "requirements": nothing_due(),
        "settings": fresh_settings(controller),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": kind,
    }


def bank_list(account_id: str, banks: list[Json]) -> Json:
    """Return the list of bank accounts that stands in an account."""
    url = f"/v1/accounts/{account_id}/external_accounts"
    return {"object": "list", "data": banks, "has_more": False, "url": url}


def fresh_settings(controller: Controller) -> Json:
    """Return settings with a daily payout of what is available; Custom accounts do not owe from their bank."""
    found = settings()
    found["dashboard"] = {"display_name": None, "timezone": "Etc/UTC"}
    found["payments"]["statement_descriptor"] = None
    found["payouts"] = {
        "debit_negative_balances": controller.collection == "stripe",
        "schedule": {"delay_days": LEAST_DELAY_DAYS, "interval": "daily"},
        "statement_descriptor": None,
    }
    return found


def fresh_hidden(application: str) -> Json:
    """Return what is kept of an account and not shown: facts about its owner, and how far it has come."""
    return {
        "application": application,
        "company": {},
        "identity": "unchecked",
        "individual": {},
        "link_made": False,
        "onboarded": False,
        "person": {"id": new_id("person")},
        "requested": {},
    }
