"""The wallet, as pages."""

from __future__ import annotations

from randonumber.wallet.views import page, topups

__all__ = ["page", "topups"]
