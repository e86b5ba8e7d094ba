"""Transfer reversals: money that a platform takes back."""

from randonumber.sandbox.scope import Operations

OPERATIONS: Operations = {}
