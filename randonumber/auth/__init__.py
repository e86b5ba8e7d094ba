"""Accounts: registration, sign-in, recovery, sessions, API keys, and the page that shows them (docs/security.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.auth import commands, jobs, origins, security, views
from randonumber.auth.views import account

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["init_app", "jobs"]


def init_app(app: Flask) -> None:
    """Bind the sign-in, the pages and the commands."""
    origins.init_app(app)
    security.init_app(app)
    views.init_app(app)
    account.add_own_sections(app)
    commands.init_app(app)
