"""The defects of paying out: each is one of the pains of comparable systems (docs/pains.md), planted here."""

from __future__ import annotations

from typing import Final

from tests.sabotage.defects import Defect, Edit

SENDING: Final = "randonumber/payouts/service/withdrawals/sending.py"
WITHDRAWING: Final = "tests/payouts/test_withdrawing.py::"
OAUTH: Final = "randonumber/payouts/service/oauth.py"
ONBOARDING: Final = "tests/payouts/test_onboarding.py::"
CONNECTED: Final = "tests/payouts/test_accounts.py::"
FORGED: Final = "tests/payouts/test_oauth.py::test_an_answer_without_a_state_of_this_browser_connects_nothing"

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
                path="randonumber/payouts/service/withdrawals/destination.py",
                old="    if owed <= 0:\n",
                new="    if owed is not None:\n",
            ),
        ),
        tests=(WITHDRAWING + "test_nothing_goes_to_an_account_below_zero",),
    ),
    Defect(
        name="who comes back from onboarding is set up",
        pain=20,
        edits=(
            Edit(
                path="randonumber/payouts/service/accounts.py",
                old="    row.transfers_active = found.transfers_active\n",
                new="    row.transfers_active = True\n",
            ),
        ),
        tests=(ONBOARDING + "test_coming_back_from_stripe_is_not_being_set_up",),
    ),
    Defect(
        name="the return page shows what was known before",
        pain=20,
        edits=(
            Edit(
                path="randonumber/payouts/views/accounts.py",
                old="        account = accounts.refresh(account)\n",
                new="        account = accounts.refresh(account) if account.transfers_active else account\n",
            ),
        ),
        tests=(ONBOARDING + "test_what_the_return_page_shows_is_read_at_stripe_again",),
    ),
    Defect(
        name="what Stripe tells of an account is not kept",
        pain=20,
        edits=(
            Edit(
                path="randonumber/payouts/handlers/accounts.py",
                old="            accounts.keep(row, reading)\n",
                new="            assert reading is not row\n",
            ),
        ),
        tests=(CONNECTED + "test_what_stripe_tells_of_an_account_is_read_again_and_kept",),
    ),
    Defect(
        name="the state of OAuth is not asked for",
        pain=21,
        edits=(Edit(path=OAUTH, old="    if not is_ours:\n", new="    if is_ours is None:\n"),),
        tests=(FORGED,),
    ),
    Defect(
        name="a state of OAuth is good in every session",
        pain=21,
        edits=(Edit(path=OAUTH, old="        & (OAuthState.session_hash == browser.session_hash)\n", new=""),),
        tests=(FORGED,),
    ),
    Defect(
        name="the end of a connection is read at the account itself",
        pain=21,
        edits=(
            Edit(
                path="randonumber/payouts/handlers/accounts.py",
                old="    def end(session: Session) -> None:\n",
                new="    accounts.read(stripe_account_id)\n\n    def end(session: Session) -> None:\n",
            ),
        ),
        tests=(CONNECTED + "test_an_owner_who_ends_the_connection_at_stripe_is_believed_without_asking_the_account",),
    ),
    Defect(
        name="the end of an earlier connection ends a later one",
        pain=21,
        edits=(
            Edit(
                path="randonumber/payouts/handlers/accounts.py",
                old="row.connected_at.replace(microsecond=0) <= event.created_at\n",
                new="event.created_at is not None\n",
            ),
        ),
        tests=(CONNECTED + "test_the_end_of_an_earlier_connection_does_not_end_a_later_one",),
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
