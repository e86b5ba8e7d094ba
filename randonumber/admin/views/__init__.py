"""The operator's pages."""

from __future__ import annotations

from randonumber.admin.views import lists, withdrawals

__all__ = ["lists", "withdrawals"]
