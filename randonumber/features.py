"""The parts of the product, in the order in which they are bound to the app.

Each has `init_app(app)`: it registers its blueprint, its commands, and with the cores its handlers, jobs and hooks.
"""

from __future__ import annotations

from typing import Any, Final

from randonumber import (
    admin,
    api,
    auth,
    calls,
    inbox,
    mail,
    numbers,
    operations,
    payments,
    payouts,
    reconciliation,
    stripe_gateway,
    wallet,
    worker,
)
from randonumber import credits as buying
from randonumber.ledger import commands as ledger

ALL: Final[tuple[Any, ...]] = (
    stripe_gateway,
    calls,
    inbox,
    worker,
    ledger,
    mail,
    auth,
    reconciliation,
    payments,
    buying,
    wallet,
    payouts,
    numbers,
    api,
    admin,
    operations,
)
