"""The defects of money that comes in: each planted here, and found by a test of top-ups."""

from __future__ import annotations

from typing import Final

from tests.sabotage.defects import Defect, Edit

SERVICE: Final = "randonumber/wallet/service/"
REVERSALS: Final = "tests/wallet/test_reversals.py::"
RELEASING: Final = "tests/wallet/test_releasing.py::"
TOPUPS: Final = "tests/wallet/test_topups.py::"
CARDS: Final = "tests/wallet/test_card_topups.py::"


def _defect(name: str, file: str, old: str, new: str, *tests: str) -> Defect:
    return Defect(name=name, edits=(Edit(path=f"{SERVICE}{file}.py", old=old, new=new),), tests=tests)


TOPUP_DEFECTS: Final[tuple[Defect, ...]] = (
    _defect(
        "a top-up can be used before Stripe has the funds",
        "releasing",
        "    is_free = txn.status == AVAILABLE\n",
        "    is_free = True\n",
        TOPUPS + "test_a_top_up_is_pending_until_stripe_has_the_funds",
    ),
    _defect(
        "the hold is counted by our clock",
        "releasing",
        "gateway().reached_at() >= txn.available_on + hold()",
        "clock.now() >= txn.available_on + hold()",
        RELEASING + "test_the_hold_is_counted_in_stripes_time",
    ),
    _defect(
        "a release repays no debt",
        "standing",
        "min(standing.owed_minor, amount)),\n    )\n\n\ndef _moves",
        "0),\n    )\n\n\ndef _moves",
        RELEASING + "test_what_is_owed_is_repaid_by_the_next_top_up",
    ),
    _defect(
        "what comes back repays no debt",
        "standing",
        "    repaid = min(standing.owed_minor, amount)\n",
        "    repaid = 0\n",
        REVERSALS + "test_what_comes_back_repays_what_is_owed_first",
    ),
    _defect(
        "a pending top-up is taken back from what others brought",
        "standing",
        "    from_pending = min(topup.pending_minor, amount)\n",
        "    from_pending = max(0, amount - standing.wallet_minor)\n",
        REVERSALS + "test_a_pending_top_up_leaves_what_others_brought_alone",
    ),
    _defect(
        "a reversal is believed by its last reading",
        "reversing",
        "    if given_back > 0:\n",
        "    if given_back:\n",
        REVERSALS + "test_an_older_reading_changes_nothing",
    ),
    _defect(
        "another amount than asked for is put into the wallet",
        "completing",
        "    if (payment.amount_minor, payment.currency) != (topup.amount_minor, topup.currency):\n",
        "    if payment.currency != topup.currency:\n",
        TOPUPS + "test_another_amount_than_asked_for_waits_for_an_operator",
    ),
    _defect(
        "a second payment is not kept apart",
        "completing",
        "    if topup.payment_id is not None:\n        return _second_payment(session, topup, payment)\n",
        "",
        TOPUPS + "test_a_second_payment_waits_for_an_operator",
    ),
    _defect(
        "the first session of a changed form stays open",
        "starting",
        "        call_id = sessions.plan_expiry(session, read_topup(session, ref))\n",
        "        call_id, read_topup(session, ref).status = None, TopupStatus.EXPIRED\n",
        TOPUPS + "test_the_same_form_with_another_amount_closes_the_first_session",
    ),
    _defect(
        "a bank that asks ends the top-up",
        "card_paying",
        "    if code in ASKS_OWNER or decline_code in ASKS_OWNER:\n",
        "    if code is None:\n",
        CARDS + "test_a_bank_that_asks_is_answered_on_stripes_page_and_paid_once",
    ),
    _defect(
        "nobody counts the failed cards of top-ups",
        "card_paying",
        "    count_failure(session, topup.user_id)\n",
        "",
        CARDS + "test_cards_that_fail_are_counted_and_stop_the_trying",
    ),
)
