"""Transfers from a platform to its connected accounts."""

from randonumber.sandbox.scope import Operations

OPERATIONS: Operations = {}
