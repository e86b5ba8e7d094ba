"""Stripe's resources, a module each. A new one adds its `OPERATIONS` here, and what its clock and `expand` need."""

from randonumber.sandbox.resources import (
    account,
    balance,
    charges,
    checkout_sessions,
    customers,
    events,
    payment_intents,
    payment_methods,
    webhook_endpoints,
)
from randonumber.sandbox.scope import Operations

HANDLERS: Operations = {
    **account.OPERATIONS,
    **balance.OPERATIONS,
    **charges.OPERATIONS,
    **checkout_sessions.OPERATIONS,
    **customers.OPERATIONS,
    **events.OPERATIONS,
    **payment_intents.OPERATIONS,
    **payment_methods.OPERATIONS,
    **webhook_endpoints.OPERATIONS,
}
DUE_ACTIONS = {**balance.DUE, **checkout_sessions.DUE}
INCLUDED = {**checkout_sessions.INCLUDED}
