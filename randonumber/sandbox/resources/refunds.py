"""Refunds: full, partial, pending, failing later."""

from randonumber.sandbox.scope import Operations

OPERATIONS: Operations = {}
