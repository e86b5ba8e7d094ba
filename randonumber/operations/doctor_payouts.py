"""What paying out needs: books that hold, Stripe Connect's settings, and the events that tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import current_app
from sqlalchemy import select

from randonumber import inbox
from randonumber.database import transaction
from randonumber.ledger.models import BrokenInvariant
from randonumber.operations.finding import Finding
from randonumber.stripe_gateway import StripeDenied, StripeRefused, StripeUnavailable, gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from randonumber.config import Config
    from randonumber.stripe_gateway import WebhookEndpoint

EVERYTHING: Final = "*"
PATHS: Final = ("/webhooks/stripe", "/webhooks/stripe/connect")


def books() -> Finding:
    """Say whether the books hold, as of the last run; withdrawals are closed while they do not."""
    with transaction() as session:
        broken = session.scalars(select(BrokenInvariant.check_id).order_by(BrokenInvariant.check_id)).all()
    detail = f"broken: {', '.join(broken)}; withdrawals are closed, `ledger check` says more" if broken else "hold"
    return Finding(name="books", is_well=not broken, detail=detail)


def connect(config: Config) -> Iterator[Finding]:
    """Yield what Stripe Connect needs of the settings."""
    client_id = config.stripe_connect_client_id
    missing = "STRIPE_CONNECT_CLIENT_ID is not set: nobody can connect a Standard account"
    yield Finding(name="connect client", is_well=bool(client_id), detail=client_id or missing)
    missing = "STRIPE_CONNECT_WEBHOOK_SECRET is not set: what connected accounts do is told to nobody"
    expected = f"secret set; events of connected accounts are expected at {config.base_url}{PATHS[1]}"
    is_set = bool(config.stripe_connect_webhook_secret)
    yield Finding(name="connect webhook", is_well=is_set, detail=expected if is_set else missing)


def events(config: Config) -> Finding:
    """Say whether the endpoints that Stripe knows are sent every event that is handled here. Calls the network."""
    if config.uses_sandbox:
        return Finding(name="stripe events", is_well=True, detail="the sandbox sends every event")
    try:
        known = gateway().list_webhook_endpoints()
    except StripeDenied:
        detail = "Stripe does not show the endpoints to this key; compare them by hand with docs/operations.md"
        return Finding(name="stripe events", is_well=True, detail=detail)
    except (StripeUnavailable, StripeRefused) as error:
        return Finding(name="stripe events", is_well=False, detail=f"not known: {error}")
    return compare(config.base_url, known, inbox.subscribed_types(current_app))


def compare(base_url: str, known: list[WebhookEndpoint], needed: list[str]) -> Finding:
    """Hold the endpoints that Stripe knows against the types of events that have handlers here."""
    ours = [one for one in known if one.is_enabled and one.url in {f"{base_url}{path}" for path in PATHS}]
    absent = [path for path in PATHS if f"{base_url}{path}" not in {one.url for one in ours}]
    sent = {name for one in ours for name in one.enabled_events}
    missed = [] if EVERYTHING in sent else [name for name in needed if name not in sent]
    problems = [f"no endpoint {base_url}{path}" for path in absent]
    problems += [f"not subscribed: {', '.join(missed)}"] if missed else []
    detail = "; ".join(problems) or f"all {len(needed)} types are sent"
    return Finding(name="stripe events", is_well=not problems, detail=detail)
