"""The defects of buying: each is one of the pains of comparable systems (docs/pains.md), planted here."""

from __future__ import annotations

from typing import Final

from tests.sabotage.defects import COMPLETING, SPENDING, Defect, Edit

SERVICE: Final = "randonumber/credits/service/"
REFUNDS_AT_STRIPE: Final = "tests/credits/test_refunds_at_stripe.py::"
ONE_PAYMENT: Final = (
    "tests/credits/test_buying.py::test_the_same_event_five_times_at_once_and_the_return_page_book_it_once"
)
FORGETTING_THE_PAYMENT: Final = (
    Edit(
        path=COMPLETING,
        old="    if purchase.payment_id == payment.payment_id:\n",
        new="    if purchase.payment_id == payment.payment_id and not purchase.lot_ref:\n",
    ),
    Edit(
        path=COMPLETING,
        old="    if purchase.payment_id is not None or purchase.status in BOOKED:\n",
        new="    if purchase.payment_id not in {None, payment.payment_id}:\n",
    ),
)
"""The purchase's own guard is gone; the ledger's `unique(kind, ref)` stands behind it."""

BUYING_DEFECTS: Final[tuple[Defect, ...]] = (
    Defect(
        name="the same payment is booked each time it is told of",
        pain=1,
        edits=(
            *FORGETTING_THE_PAYMENT,
            Edit(path=COMPLETING, old="        ref=purchase.ref,\n", new="        ref=issued.lot_ref,\n"),
        ),
        tests=(ONE_PAYMENT,),
    ),
    Defect(
        name="only the ledger knows that a payment is booked",
        pain=1,
        edits=FORGETTING_THE_PAYMENT,
        tests=(ONE_PAYMENT,),
    ),
    Defect(
        name="an event that is marked done stands for its purchase",
        pain=2,
        edits=(
            Edit(
                path="randonumber/credits/jobs.py",
                old="from sqlalchemy import or_, select\n",
                new="from sqlalchemy import or_, select, text\n",
            ),
            Edit(
                path="randonumber/credits/jobs.py",
                old="where(Purchase.status == PurchaseStatus.PENDING, is_payable)\n",
                new="where(Purchase.status == PurchaseStatus.PENDING, is_payable).where(text("
                "\"checkout_session_id NOT IN (SELECT object_id FROM inbox_events WHERE status = 'done')\"))\n",
            ),
        ),
        tests=("tests/credits/test_dedupe.py::test_events_that_are_marked_done_do_not_stand_for_the_purchase",),
    ),
    Defect(
        name="a purchase is looked at without its lock",
        pain=3,
        edits=(
            Edit(
                path=SERVICE + "sessions.py",
                old=".where(Purchase.ref == ref).with_for_update(key_share=True)\n",
                new=".where(Purchase.ref == ref)\n",
            ),
        ),
        tests=("tests/credits/test_races.py::test_who_comes_while_a_purchase_is_booked_waits_and_finds_it_done",),
    ),
    Defect(
        name="each submit is a purchase of its own",
        pain=4,
        edits=(
            Edit(
                path=SERVICE + "starting.py",
                old='        "form_ref": order.form_ref,\n',
                new='        "form_ref": ids.new_ref("form"),\n',
            ),
        ),
        tests=("tests/credits/test_starting.py::test_the_same_form_ten_times_at_once_is_one_purchase_and_one_session",),
    ),
    Defect(
        name="only webhooks bring credits",
        pain=5,
        edits=(
            Edit(
                path=SERVICE + "refreshing.py",
                old="    if known.status != PurchaseStatus.PENDING or (",
                new="    if known.status == PurchaseStatus.PENDING or (",
            ),
        ),
        tests=(
            "tests/credits/test_buying.py::test_without_any_webhook_the_sweep_brings_the_credits",
            "tests/credits/test_views.py::test_a_pack_is_bought_on_the_hosted_page_and_the_return_page_shows_it",
        ),
    ),
    Defect(
        name="a payment on its way counts as paid",
        pain=6,
        edits=(
            Edit(
                path=SERVICE + "refreshing.py",
                old='    if intent.status != "succeeded" or charge is None or not charge.paid:\n',
                new="    if charge is None:\n",
            ),
        ),
        tests=("tests/credits/test_delayed.py::test_a_completed_session_that_is_unpaid_grants_nothing",),
    ),
    Defect(
        name="an older reading opens a dispute again",
        pain=7,
        edits=(
            Edit(
                path=SERVICE + "disputing.py",
                old="    if not (is_decided or row.status in CLOSED):\n",
                new="    if not is_decided:\n",
            ),
        ),
        tests=("tests/credits/test_disputes.py::test_an_older_reading_changes_nothing",),
    ),
    Defect(
        name="what is left is counted before the lock",
        pain=9,
        edits=(
            Edit(
                path=SPENDING,
                old="(SELECT sum(balance) FROM lots), 0) + (SELECT credits FROM beyond)",
                new="(SELECT sum(balance) FROM accounts WHERE is_open AND user_id = (SELECT user_id FROM payer)), 0)",
            ),
        ),
        tests=("tests/ledger/test_spending.py::test_the_credits_before_are_counted_after_waiting",),
    ),
    Defect(
        name="money goes back and the credits stay",
        pain=12,
        edits=(
            Edit(
                path=SERVICE + "refreshing.py",
                old="            refunds.bring_level(session, ref, refund, actor=actor)\n",
                new="            refund.amount\n",
            ),
        ),
        tests=(REFUNDS_AT_STRIPE + "test_what_the_dashboard_gives_back_takes_the_credits_too",),
    ),
    Defect(
        name="credits that are spent are not owed",
        pain=13,
        edits=(
            Edit(
                path=SERVICE + "reversing.py",
                old="destination=accounts.CREDITS_REVOKED, amount=credits_ - from_lot),\n",
                new="destination=accounts.CREDITS_REVOKED, amount=0),\n",
            ),
        ),
        tests=(REFUNDS_AT_STRIPE + "test_credits_that_are_spent_are_owed_and_bar_spending_until_the_next_purchase",),
    ),
    Defect(
        name="a debt bars nobody",
        pain=13,
        edits=(
            Edit(
                path="migrations/versions/0009_purchases_whole.py",
                old="FOR EACH ROW WHEN (NEW.kind = 'spend') EXECUTE",
                new="FOR EACH ROW WHEN (NEW.kind = 'never') EXECUTE",
            ),
        ),
        tests=(
            "tests/credits/test_dispute_races.py::test_a_draw_that_waited_for_its_lots_while_the_debt_arose_is_barred",
        ),
    ),
    Defect(
        name="each reversal takes its share anew",
        pain=14,
        edits=(
            Edit(
                path=SERVICE + "reversing.py",
                old="    return max(0, _gone(session, purchase) - purchase.revoked_credits)\n",
                new="    return _gone(session, purchase)\n",
            ),
        ),
        tests=(
            "tests/credits/test_disputes.py::test_a_refund_and_a_dispute_of_one_payment_never_take_more_than_was_bought",
        ),
    ),
    Defect(
        name="a refund that fails later keeps the credits",
        pain=15,
        edits=(
            Edit(
                path=SERVICE + "refunds/booking.py",
                old="    moves = [money(refund, source, accounts.SALES), *giving_back(standing, back)]\n",
                new="    moves = [money(refund, source, accounts.SALES), *giving_back(standing, 0)]\n",
            ),
        ),
        tests=("tests/credits/test_refunds.py::test_a_refund_that_fails_later_is_undone",),
    ),
    Defect(
        name="fees are estimated",
        pain=16,
        edits=(
            Edit(
                path="randonumber/reconciliation/booking.py",
                old='_post(session, txn, "stripe_fee", -txn.fee, STRIPE_FEES, actor)',
                new='_post(session, txn, "stripe_fee", -(txn.amount * 29 // 1000 + 30), STRIPE_FEES, actor)',
            ),
        ),
        tests=("tests/credits/test_disputes.py::test_fees_of_a_dispute_are_stripes_own_figures",),
    ),
    Defect(
        name="a dead card is charged for ever",
        pain=23,
        edits=(
            Edit(
                path=SERVICE + "auto_topups/rules.py",
                old="    if declines >= MOST_DECLINES:\n",
                new="    if declines >= 1000:\n",
            ),
        ),
        tests=(
            "tests/credits/test_auto_topup_declines.py::test_a_dead_card_is_tried_three_times_a_day_and_then_no_more",
        ),
    ),
    Defect(
        name="auto top-up looks at no cap",
        pain=23,
        edits=(
            Edit(
                path=SERVICE + "auto_topups/rules.py",
                old="    if seen.spent_minor + seen.price_minor > seen.monthly_cap_minor:\n",
                new="    if seen.price_minor > seen.monthly_cap_minor:\n",
            ),
        ),
        tests=("tests/credits/test_auto_topups.py::test_the_cap_holds_under_two_workers",),
    ),
    Defect(
        name="nobody counts purchases",
        pain=25,
        edits=(
            Edit(
                path=SERVICE + "starting.py",
                old='    limits.hit(session, "purchases", buyer.ref, limit=PURCHASES_PER_HOUR, per_seconds=HOUR)\n',
                new="",
            ),
        ),
        tests=("tests/credits/test_views.py::test_so_many_purchases_an_hour_are_enough",),
    ),
    Defect(
        name="each spelling of an address is given free credits",
        pain=25,
        edits=(
            Edit(
                path=SERVICE + "gifts.py",
                old='    local = local.split("+", 1)[0] or local\n',
                new="",
            ),
        ),
        tests=("tests/credits/test_gifts.py::test_a_second_account_of_a_mailbox_is_made_and_given_none",),
    ),
    Defect(
        name="live events are taken by a test installation",
        pain=25,
        edits=(
            Edit(
                path="randonumber/inbox/store.py",
                old='    if envelope.livemode != app.extensions["config"].livemode:\n',
                new="    if envelope.livemode is None:\n",
            ),
        ),
        tests=("tests/inbox/test_views.py::test_what_is_not_for_us_is_kept_as_ignored",),
    ),
)
