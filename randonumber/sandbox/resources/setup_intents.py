"""SetupIntents: cards kept for later."""

from randonumber.sandbox.scope import Operations

OPERATIONS: Operations = {}
