"""The defects of paying out: each is one of the pains of comparable systems (docs/pains.md), planted here."""

from __future__ import annotations

from typing import Final

from tests.sabotage.defects import Defect, Edit

SENDING: Final = "randonumber/payouts/service/withdrawing_sending.py"
WITHDRAWING: Final = "tests/payouts/test_withdrawing.py::"

PAYOUT_DEFECTS: Final[tuple[Defect, ...]] = (
    Defect(
        name="a transfer that was made is not found again",
        pain=17,
        edits=(
            Edit(
                path=SENDING,
                old='    return gateway().find_by_ref("transfers", call.ref, transfer_group=call.ref)\n',
                new='    return gateway().find_by_ref("transfers", call.key, transfer_group=call.ref)\n',
            ),
        ),
        tests=("tests/payouts/test_withdrawing_faults.py::test_a_key_that_stripe_forgot_is_not_sent_again",),
    ),
    Defect(
        name="what Stripe refused stays held for ever",
        pain=18,
        edits=(
            Edit(
                path=SENDING,
                old="    if withdrawal.status in OPEN:\n",
                new="    if withdrawal.status not in OPEN:\n",
            ),
        ),
        tests=(WITHDRAWING + "test_what_stripe_refuses_for_good_is_given_back_with_its_reason",),
    ),
    Defect(
        name="an account below zero is paid into",
        pain=19,
        edits=(
            Edit(
                path="randonumber/payouts/service/withdrawing_account.py",
                old="    if owed <= 0:\n",
                new="    if owed is not None:\n",
            ),
        ),
        tests=(WITHDRAWING + "test_nothing_goes_to_an_account_below_zero",),
    ),
    Defect(
        name="funds that are still to come refuse for good",
        pain=22,
        edits=(
            Edit(
                path="randonumber/calls/rules.py",
                old='frozenset({"balance_insufficient"})',
                new='frozenset({"insufficient_funds"})',
            ),
        ),
        tests=(WITHDRAWING + "test_without_funds_at_stripe_it_waits_and_goes_when_they_come",),
    ),
)
