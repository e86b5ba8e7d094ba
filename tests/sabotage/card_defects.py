"""The defects of saved cards: charged again, charged by somebody else, or gone by old news."""

from __future__ import annotations

from typing import Final

from tests.sabotage.defects import Defect, Edit

CARDS: Final = "randonumber/credits/service/cards.py"
CONFIRMING: Final = "randonumber/credits/service/confirming.py"

CARD_DEFECTS: Final[tuple[Defect, ...]] = (
    Defect(
        name="a decline whose answer was lost is tried again",
        edits=(
            Edit(
                path=CONFIRMING,
                old="    return None if intent.error_code in known else found\n",
                new="    return found if known is None else None\n",
            ),
        ),
        tests=("tests/credits/test_confirming.py::test_a_lost_decline_is_found_and_not_tried_again[error_500_done]",),
    ),
    Defect(
        name="a declined purchase leaves its intent open",
        edits=(
            Edit(path=CONFIRMING, old="        intents.plan_cancelling(session, purchase)\n", new="        pass\n"),
        ),
        tests=("tests/credits/test_confirming.py::test_a_declined_card_fails_the_purchase_and_cancels_its_intent",),
    ),
    Defect(
        name="an old list removes a new card",
        edits=(
            Edit(
                path=CARDS,
                old="        is_older = card.created_at < seen.asked_at  #",
                new="        is_older = True  #",
            ),
        ),
        tests=(
            "tests/credits/test_cards.py::test_an_older_list_that_comes_late_removes_nothing_and_brings_nothing_back",
        ),
    ),
    Defect(
        name="anybody's card pays",
        edits=(
            Edit(
                path="randonumber/credits/card_queries.py",
                old="Card.user_id == user_id, Card.removed_at.is_(None))\n    return session.scalar(",
                new="Card.removed_at.is_(None))\n    return session.scalar(",
            ),
        ),
        tests=("tests/credits/test_one_click.py::test_a_strangers_card_is_not_there",),
    ),
)
