"""The part of the wallet's page that tops it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import current_app

from randonumber.hooks import Section
from randonumber.wallet import forms, topup_queries
from randonumber.wallet.views.topups import free_on

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LATEST: Final = 10


def _topups(session: Session, user_id: int) -> dict[str, Any]:
    form = forms.empty_form()
    form.offer(topup_queries.saved_cards(session, user_id))
    config = current_app.extensions["config"]
    return {
        "topup_form": form,
        "topups": topup_queries.latest(session, user_id, limit=LATEST),
        "suggested": forms.suggested(),
        "least_minor": config.topup_min_cents,
        "most_minor": config.topup_max_cents,
        "free_on": free_on,
    }


SECTION: Final = Section(
    page="wallet", name="topup", title="Top up", position=20, template="wallet/topups.html", context=_topups
)
