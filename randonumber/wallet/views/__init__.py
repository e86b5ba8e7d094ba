"""The wallet, as pages."""

from __future__ import annotations

from randonumber.wallet.views import page

__all__ = ["page"]
