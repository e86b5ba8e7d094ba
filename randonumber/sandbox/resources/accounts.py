"""Connected accounts: made by a platform, onboarded by their owner, closed to the platform when deauthorized."""

from randonumber.sandbox.scope import Operations

OPERATIONS: Operations = {}
