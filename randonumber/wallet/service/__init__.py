"""Top-ups of the wallet: started, paid, made available, taken back and given back."""

from __future__ import annotations

from randonumber.payments.paid import Completed
from randonumber.wallet.service.refreshing import refresh_topup
from randonumber.wallet.service.starting import Order, Started, start_topup

__all__ = ["Completed", "Order", "Started", "refresh_topup", "start_topup"]
