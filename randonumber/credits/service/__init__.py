"""What can be done with credits: bought, given and taken back. Each use case has its own module."""

from __future__ import annotations

from randonumber.credits.service.completing import complete_purchase, expire_purchase, fail
from randonumber.credits.service.granting import grant, revoke
from randonumber.credits.service.on_page import OnPage, start_on_page
from randonumber.credits.service.refreshing import refresh_purchase
from randonumber.credits.service.starting import Order, Started, drive_calls, start_purchase
from randonumber.credits.service.wallet_buying import MoneyOwed, WalletTooSmall, buy_from_wallet
from randonumber.payments.paid import Completed, Payment

__all__ = [
    "Completed",
    "MoneyOwed",
    "OnPage",
    "Order",
    "Payment",
    "Started",
    "WalletTooSmall",
    "buy_from_wallet",
    "complete_purchase",
    "drive_calls",
    "expire_purchase",
    "fail",
    "grant",
    "refresh_purchase",
    "revoke",
    "start_on_page",
    "start_purchase",
]
