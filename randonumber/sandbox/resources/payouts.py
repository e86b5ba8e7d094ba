"""Payouts: an account's balance on its way to its bank, paid or failed."""

from randonumber.sandbox.scope import Operations

OPERATIONS: Operations = {}
