"""What buying shows on the account page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from randonumber.credits import card_queries, queries
from randonumber.credits.card_wording import name_of
from randonumber.credits.service import low_balance
from randonumber.hooks import Section

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_LATEST: Final = 5


def _latest_purchases(session: Session, user_id: int) -> dict[str, Any]:
    page = queries.purchases(session, user_id, limit=_LATEST)
    return {"purchases": page.rows, "has_more": page.next_cursor is not None}


def _saved_cards(session: Session, user_id: int) -> dict[str, Any]:
    return {"saved_cards": [(name_of(card), card.is_default) for card in card_queries.cards(session, user_id)]}


def _wanted_mails(session: Session, user_id: int) -> dict[str, Any]:
    return {"wants_low_balance": low_balance.is_wanted(session, user_id)}


SECTIONS: Final = (
    Section(
        name="purchases", title="Purchases", position=20, template="credits/section.html", context=_latest_purchases
    ),
    Section(
        name="cards", title="Saved cards", position=25, template="credits/cards_section.html", context=_saved_cards
    ),
    Section(name="mails", title="Mails", position=70, template="credits/mails.html", context=_wanted_mails),
)
