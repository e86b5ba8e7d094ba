"""Paying out, as pages."""

from __future__ import annotations

from randonumber.payouts.views import accounts, oauth

__all__ = ["accounts", "oauth"]
