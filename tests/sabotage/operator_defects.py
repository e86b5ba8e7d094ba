"""The defects of the operator's side: what would hide a stranger, a reserve or broken books, or pay twice by hand."""

from __future__ import annotations

from typing import Final

from tests.sabotage.defects import Defect, Edit

BY_HAND: Final = "randonumber/payouts/service/withdrawals/by_hand.py"
BOOKING: Final = "randonumber/reconciliation/booking.py"

OPERATOR_DEFECTS: Final[tuple[Defect, ...]] = (
    Defect(
        name="a withdrawal is released without a look at Stripe",
        edits=(Edit(path=BY_HAND, old="    if seen.transfers:\n", new="    if not seen:\n"),),
        tests=("tests/payouts/test_by_hand.py::test_a_transfer_that_stripe_has_stands_against_a_release",),
    ),
    Defect(
        name="a withdrawal is released while a request may be on its way",
        edits=(
            Edit(
                path="randonumber/calls/by_hand.py",
                old="    return last is None or (looked_at - last).total_seconds() >= quiet_seconds\n",
                new="    return last is None or quiet_seconds > 0\n",
            ),
        ),
        tests=("tests/payouts/test_by_hand.py::test_a_request_that_may_be_on_its_way_stands_against_a_release",),
    ),
    Defect(
        name="any transfer of the group settles",
        edits=(
            Edit(
                path=BY_HAND,
                old='    shown = (found.metadata.get("ref"), found.amount, found.currency, found.destination)\n',
                new="    shown = (withdrawal.ref, withdrawal.net_minor, found.currency, found.destination)\n",
            ),
        ),
        tests=("tests/payouts/test_by_hand.py::test_only_the_one_transfer_that_was_asked_for_settles",),
    ),
    Defect(
        name="a call out of a backup is sent without a look",
        edits=(
            Edit(
                path="randonumber/calls/rules.py",
                old="    if state.planned_at is None:\n        return False\n    return (state.first_sent_at",
                new="    if state.planned_at is not None:\n        return False\n    return (state.first_sent_at",
            ),
        ),
        tests=(
            "tests/whole/test_restore.py::test_a_transfer_whose_key_has_aged_out_is_found_and_not_sent_again",
            "tests/calls/test_restored.py::test_what_a_former_life_sent_is_settled_and_not_sent",
        ),
    ),
    Defect(
        name="what Stripe sets aside is a stranger's row",
        edits=(Edit(path=BOOKING, old='    RESERVE: ("reserve", STRIPE_RESERVE),\n', new=""),),
        tests=("tests/reconciliation/test_reserves.py::test_what_is_given_back_of_a_reserve_is_booked_too",),
    ),
    Defect(
        name="a stray transfer breaks nothing",
        edits=(
            Edit(
                path="randonumber/reconciliation/invariants.py",
                old="AND type = 'transfer'\"",
                new="AND type = 'transfers'\"",
            ),
        ),
        tests=("tests/reconciliation/test_strangers.py::test_a_stray_transfer_is_named_and_breaks_an_invariant",),
    ),
    Defect(
        name="broken books are forgotten by the next minute",
        edits=(
            Edit(
                path="randonumber/ledger/jobs.py",
                old="        alarms.lift(session, whole)\n",
                new="        alarms.lift(session, [], is_all=True)\n",
            ),
        ),
        tests=(
            "tests/ledger/test_alarms.py::test_what_the_minute_found_is_looked_at_in_full_until_it_is_whole",
            "tests/ledger/test_alarms.py::test_the_run_of_every_minute_adds_and_tells_once",
        ),
    ),
    Defect(
        name="the operator's pages are open to whoever is signed in",
        edits=(
            Edit(
                path="randonumber/admin/access.py",
                old="        if not current_user.is_admin:\n",
                new="        if not current_user.is_authenticated:\n",
            ),
        ),
        tests=(
            "tests/admin/test_pages.py::test_nobody_else_finds_the_pages",
            "tests/admin/test_pages.py::test_nobody_else_acts",
        ),
    ),
)
