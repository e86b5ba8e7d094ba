"""Disputes: opened by the bank, answered by the merchant, won or lost."""

from randonumber.sandbox.scope import Operations

OPERATIONS: Operations = {}
