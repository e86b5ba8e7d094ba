"""Bank accounts that payouts go to."""

from randonumber.sandbox.scope import Operations

OPERATIONS: Operations = {}
