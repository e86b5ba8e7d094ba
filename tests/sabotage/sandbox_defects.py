"""The sandbox's defects: where it would no longer do what Stripe does, and which test must see it."""

from __future__ import annotations

from typing import Final

from tests.sabotage.defects import Defect, Edit

SANDBOX = "randonumber/sandbox/"
BALANCE_TRANSACTIONS = SANDBOX + "resources/funds/balance_transactions.py"

SANDBOX_DEFECTS: Final[tuple[Defect, ...]] = (
    Defect(
        name="a refusal is not kept under its key",
        edits=(
            Edit(
                path=SANDBOX + "wire/dispatch.py",
                old="            if call.idempotency_key:\n",
                new="            if call.idempotency_key and answer.status == HTTPStatus.OK:\n",
            ),
        ),
        tests=("tests/sandbox/test_idempotency.py::test_a_refusal_while_running_is_kept",),
    ),
    Defect(
        name="an idempotency key is not bound to its parameters",
        edits=(
            Edit(
                path=SANDBOX + "wire/idempotency.py",
                old='    if row["fingerprint"] != print_:\n',
                new='    if row["fingerprint"] == "":\n',
            ),
        ),
        tests=("tests/sandbox/test_idempotency.py::test_other_parameters_under_the_key_are_an_idempotency_error",),
    ),
    Defect(
        name="an unknown Stripe-Account is accepted",
        edits=(
            Edit(
                path=SANDBOX + "wire/keys.py",
                old="        if connections.opens(store, own, asked):\n",
                new="        if store:\n",
            ),
        ),
        tests=("tests/sandbox/test_keys.py::test_an_unknown_stripe_account_is_refused",),
    ),
    Defect(
        name="the page after a cursor leaves one out",
        edits=(
            Edit(
                path=SANDBOX + "wire/lists.py",
                old="for row in found[:limit]]",
                new="for row in found[1 if cursor else 0 : limit]]",
            ),
        ),
        tests=("tests/sandbox/test_lists.py::test_a_walk_forward_sees_each_once",),
    ),
    Defect(
        name="an empty metadata value deletes nothing",
        edits=(
            Edit(
                path=SANDBOX + "wire/metadata.py",
                old=""" for name, value in (old | given).items() if value != ""}""",
                new=" for name, value in (old | given).items()}",
            ),
        ),
        tests=("tests/sandbox/test_metadata.py",),
    ),
    Defect(
        name="a refund takes nothing from the balance",
        edits=(
            Edit(
                path=SANDBOX + "resources/refunds/refunds.py",
                old='        amount=-body["amount"],\n',
                new="        amount=0,\n",
            ),
        ),
        tests=(
            "tests/sandbox/test_refund_money.py::test_a_refund_of_available_funds_counts_at_once_and_may_go_below_zero",
        ),
    ),
    Defect(
        name="a failed refund stays gone",
        edits=(
            Edit(
                path=SANDBOX + "resources/refunds/refund_outcomes.py",
                old='        amount=refund["amount"],\n',
                new="        amount=0,\n",
            ),
        ),
        tests=("tests/sandbox/test_refund_money.py::test_one_cards_refund_fails_a_day_later_and_its_money_comes_back",),
    ),
    Defect(
        name="a dispute costs no fee",
        edits=(
            Edit(
                path=SANDBOX + "resources/disputes/dispute_money.py",
                old="        fee=FEE_MINOR,\n",
                new="",
            ),
        ),
        tests=("tests/sandbox/test_disputes.py::test_a_chargeback_takes_the_amount_and_a_fee_at_once",),
    ),
    Defect(
        name="a won dispute gives nothing back",
        edits=(
            Edit(
                path=SANDBOX + "resources/disputes/dispute_money.py",
                old='        amount=dispute["amount"],\n',
                new="        amount=0,\n",
            ),
        ),
        tests=("tests/sandbox/test_disputes.py::test_winning_evidence_is_reviewed_and_then_wins_the_amount_back",),
    ),
    Defect(
        name="a transfer is not held against the balance",
        edits=(
            Edit(
                path=SANDBOX + "resources/funds/transfers.py",
                old="    if amount > available:\n",
                new="    if amount < 0 < available:\n",
            ),
        ),
        tests=("tests/sandbox/test_transfers.py::test_a_transfer_needs_available_money_and_a_refusal_moves_none",),
    ),
    Defect(
        name="pending money never becomes available",
        edits=(
            Edit(
                path=BALANCE_TRANSACTIONS,
                old='        schedule(scope, due, RELEASE, entry["id"])\n',
                new="",
            ),
        ),
        tests=("tests/sandbox/test_balance.py::test_a_charge_is_pending_for_two_days",),
    ),
    Defect(
        name="nothing is held back for an account below zero",
        edits=(
            Edit(
                path=BALANCE_TRANSACTIONS,
                old="    if owed:\n",
                new="    if owed and net > 0 > owed:\n",
            ),
        ),
        tests=("tests/sandbox/test_transfers.py::test_below_zero_the_platform_holds_back_as_much",),
    ),
    Defect(
        name="a failed payout gives nothing back",
        edits=(
            Edit(
                path=SANDBOX + "resources/funds/payout_ends.py",
                old='        amount=payout["amount"],\n',
                new="        amount=0,\n",
            ),
        ),
        tests=("tests/sandbox/test_payouts.py::test_a_payout_that_showed_as_paid_may_still_fail",),
    ),
    Defect(
        name="an event of a connected account does not name it",
        edits=(
            Edit(
                path=SANDBOX + "recording.py",
                old='            **({"account": scope.account} if connected else {}),\n',
                new="",
            ),
        ),
        tests=("tests/sandbox/test_isolation.py::test_events_are_kept_apart_and_name_the_account",),
    ),
    Defect(
        name="a refused delivery is not tried again",
        edits=(
            Edit(
                path=SANDBOX + "delivery.py",
                old='"given_up" if late else "pending"',
                new='"given_up"',
            ),
        ),
        tests=("tests/sandbox/test_events.py::test_a_refused_delivery_is_due_again_after_a_second",),
    ),
    Defect(
        name="a failed challenge is taken for a passed one",
        edits=(
            Edit(
                path=SANDBOX + "pages/challenge.py",
                old='passed=request.form["action"] == "complete")',
                new='passed=request.form["action"] in ("complete", "fail"))',
            ),
        ),
        tests=("tests/sandbox/test_payment_intents.py::test_a_challenge_ends_paid_or_asking_again",),
    ),
)
