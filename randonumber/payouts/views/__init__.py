"""Paying out, as pages."""

from __future__ import annotations

from randonumber.payouts.views import accounts, oauth, withdrawals

__all__ = ["accounts", "oauth", "withdrawals"]
