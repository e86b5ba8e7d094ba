"""Stripe's resources, a module each.

`OPERATIONS` holds its operations by name; where needed, `DUE` what its clock does, and `INCLUDED` the fields that are
left out until `expand` asks for them.
"""

from randonumber.sandbox.resources import customers, events, webhook_endpoints
from randonumber.sandbox.resources.checkout import checkout_sessions
from randonumber.sandbox.resources.connect import account_links, accounts, external_accounts
from randonumber.sandbox.resources.disputes import disputes
from randonumber.sandbox.resources.funds import balance, balance_transactions, payouts, transfer_reversals, transfers
from randonumber.sandbox.resources.payments import (
    charges,
    debits,
    payment_intents,
    payment_method_operations,
    setup_intents,
)
from randonumber.sandbox.resources.refunds import refunds
from randonumber.sandbox.scope import Operations

MODULES = (
    account_links,
    accounts,
    balance,
    balance_transactions,
    charges,
    checkout_sessions,
    customers,
    debits,
    disputes,
    events,
    external_accounts,
    payment_intents,
    payment_method_operations,
    payouts,
    refunds,
    setup_intents,
    transfer_reversals,
    transfers,
    webhook_endpoints,
)
HANDLERS: Operations = {name: handler for module in MODULES for name, handler in module.OPERATIONS.items()}
DUE_ACTIONS = {name: action for module in MODULES for name, action in getattr(module, "DUE", {}).items()}
INCLUDED = {place: maker for module in MODULES for place, maker in getattr(module, "INCLUDED", {}).items()}
