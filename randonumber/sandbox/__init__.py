"""Stripe on your own machine: a sandbox for development and tests, a product of its own.

It imports nothing else of this project. `create_sandbox` makes the WSGI app; `inprocess` lets the SDK and tests talk to
it without ports; `commands` runs it as a server. `docs/sandbox.md` says what is there and what differs from Stripe.
"""

from randonumber.sandbox.scope import Endpoint
from randonumber.sandbox.wiring import create_sandbox

__all__ = ["Endpoint", "create_sandbox"]
