"""Links to the hosted onboarding page, and to the Express dashboard."""

from randonumber.sandbox.scope import Operations

OPERATIONS: Operations = {}
