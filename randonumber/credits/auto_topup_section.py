"""Auto top-up on the account page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from randonumber import hooks
from randonumber.credits.auto_topup_wording import WHY_STOPPED
from randonumber.credits.card_wording import name_of
from randonumber.credits.service import auto_topups
from randonumber.hooks import Section

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session


def init_app(app: Flask) -> None:
    """Show on the account page where auto top-up stands."""
    section = Section(
        name="auto-topup", title="Auto top-up", position=30, template="credits/auto_topup_section.html", context=shown
    )
    hooks.add_section(app, section)


def shown(session: Session, user_id: int) -> dict[str, Any]:
    """Return what the pages show of it."""
    standing = auto_topups.get_standing(session, user_id)
    reason = standing.topup.stop_reason if standing.topup else None
    return {
        "standing": standing,
        "card": name_of(standing.card) if standing.card else None,
        "why_stopped": WHY_STOPPED.get(reason or ""),
    }
