"""The dashboard's blueprint, its menu, and the account that a person looks at."""

from typing import Any

from flask import Blueprint, request, url_for

from randonumber.sandbox.pages.dashboard.kinds import KINDS
from randonumber.sandbox.pages.dashboard.reading import LAST

pages = Blueprint("dashboard", __name__)

MENU: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Sales", ("payment_intent", "charge", "refund", "dispute", "checkout.session")),
    ("Buyers", ("customer", "payment_method", "setup_intent")),
    ("Money", ("balance_transaction", "transfer", "transfer_reversal", "payout")),
    ("Connect", ("account",)),
    ("Developers", ("event", "webhook_endpoint")),
)
PLACES = (
    ("dashboard.deliveries", "Deliveries"),
    ("dashboard.requests", "API requests"),
    ("dashboard.fault_plan", "Fault plan"),
    ("dashboard.mail", "Mail of the app"),
)
LONGEST_ID = 255


def chosen_account() -> str:
    """Return the account that all lists are narrowed to, empty for all."""
    return request.args.get("account", "")[:LONGEST_ID]


def before() -> int:
    """Return where a page of a list begins: below this number, which is beyond all for the first page."""
    return max(0, min(request.args.get("before", LAST, type=int), LAST))


def here(endpoint: str, **values: Any) -> str:
    """Return the address of a page of the dashboard, with the chosen account kept."""
    return url_for(endpoint, **({"account": chosen_account() or None} | values))


@pages.context_processor
def surroundings() -> dict[str, Any]:
    """Return what every page of the dashboard shows around itself."""
    menu = [
        (heading, [(here("dashboard.objects", kind=name), KINDS[name].many) for name in names])
        for heading, names in MENU
    ]
    menu[-1][1].extend((here(endpoint), label) for endpoint, label in PLACES)
    own = f"{request.path}?account={chosen_account()}" if chosen_account() else request.path
    return {"menu": menu, "account": chosen_account(), "here": here, "own_address": own, "kinds": KINDS}
