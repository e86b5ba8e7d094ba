"""The defects: what is broken, where, and which test must see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Edit:
    """In `path`, `old` (which stands there exactly once) becomes `new`."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A way to break the product, and the tests that find it; `pain` is its number in docs/pains.md."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    pain: int | None = None

    def apply(self, tree: Path) -> None:
        """Break the copy in `tree`. Raises ValueError when the code has moved on from what the edit expects."""
        for edit in self.edits:
            file = tree / edit.path
            text = file.read_text()
            if text.count(edit.old) != 1:
                message = f"{self.name}: {edit.path} has {text.count(edit.old)} times: {edit.old!r}"
                raise ValueError(message)
            file.write_text(text.replace(edit.old, edit.new))


LEDGER = "migrations/versions/0002_ledger.py"
POSTING = "randonumber/ledger/posting.py"
SPENDING = "randonumber/ledger/spending.py"
COMPLETING = "randonumber/credits/service/completing.py"

DEFECTS: Final[tuple[Defect, ...]] = (
    Defect(
        name="no unique on transactions",
        edits=(
            Edit(path=LEDGER, old="    UNIQUE (kind, ref)\n", new="    UNIQUE (kind, ref, id)\n"),
            Edit(path=POSTING, old="            ON CONFLICT (kind, ref) DO NOTHING\n", new=""),
        ),
        tests=(
            "tests/ledger/test_refusals.py::test_a_second_transaction_of_the_same_kind_and_ref",
            "tests/ledger/test_posting.py::test_the_same_fact_twice_is_written_once",
        ),
    ),
    Defect(
        name="balance check dropped",
        pain=10,
        edits=(
            Edit(
                path=LEDGER,
                old="WHEN kind = 'debt' THEN balance <= 0 ELSE balance >= 0 END",
                new="ELSE true END",
            ),
        ),
        tests=(
            "tests/ledger/test_refusals.py::test_an_entry_of_money_that_must_not_be",
            "tests/ledger/test_posting.py::test_nobody_spends_more_than_there_is",
        ),
    ),
    Defect(
        name="history can be changed",
        edits=(
            Edit(
                path=LEDGER,
                old="CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE ON entries",
                new="CREATE TRIGGER entries_append_only BEFORE UPDATE OF currency ON entries",
            ),
        ),
        tests=("tests/ledger/test_refusals.py::test_a_change_of_what_stands",),
    ),
    Defect(
        name="lots are not locked",
        pain=8,
        edits=(Edit(path=SPENDING, old="           FOR NO KEY UPDATE\n", new=""),),
        tests=(
            "tests/ledger/test_spending.py::test_the_last_credit_is_spent_once",
            "tests/api/test_races.py::test_the_last_credit_is_won_once_in_every_round",
        ),
    ),
    Defect(
        name="lot order ignored",
        edits=(
            Edit(
                path=SPENDING,
                old="         ORDER BY lot_priority, expires_at, id\n         LIMIT",
                new="         ORDER BY id\n         LIMIT",
            ),
            Edit(
                path=SPENDING,
                old="(ORDER BY lot_priority, expires_at, id)",
                new="(ORDER BY id)",
            ),
        ),
        tests=("tests/ledger/test_spending.py::test_promotional_first_then_soonest_expiry_then_oldest",),
    ),
    Defect(
        name="expired lots can be spent",
        pain=11,
        edits=(
            Edit(
                path=SPENDING,
                old="           AND is_open AND (expires_at IS NULL OR expires_at > :now)\n         ORDER",
                new="           AND is_open AND :now IS NOT NULL\n         ORDER",
            ),
        ),
        tests=(
            "tests/ledger/test_spending.py::test_an_expired_lot_is_never_spent",
            "tests/credits/test_expiring.py::test_what_has_expired_is_neither_counted_nor_spent_before_it_is_booked",
        ),
    ),
    Defect(
        name="random outbound key",
        edits=(
            Edit(
                path="randonumber/calls/journal.py",
                old='        "key": f"{install}:{operation}:{ref}:{attempt}",\n',
                new='        "key": f"{install}:{os.urandom(8).hex()}",\n',
            ),
        ),
        tests=("tests/calls/test_driver.py::test_the_key_names_installation_operation_ref_and_attempt",),
    ),
    Defect(
        name="no quiet time before a look-up",
        edits=(
            Edit(path="randonumber/calls/rules.py", old="    if now < quiet_at:\n", new="    if now > quiet_at:\n"),
        ),
        tests=("tests/calls/test_driver.py::test_nothing_is_looked_up_before_the_quiet_time",),
    ),
    Defect(
        name="a time-out is taken for a refusal",
        edits=(
            Edit(
                path="randonumber/calls/rules.py",
                old="        return Answer.UNREACHABLE\n",
                new="        return Answer.NO_FUNDS\n",
            ),
        ),
        tests=("tests/calls/test_driver.py::test_a_fault_that_passes_ends_with_one_object_and_one_settle",),
    ),
    Defect(
        name="no signature check",
        edits=(
            Edit(path="randonumber/inbox/signature.py", old="    if not any(matches):\n", new="    if not matches:\n"),
        ),
        tests=("tests/inbox/test_views.py::test_a_forged_or_stale_event_is_refused_and_leaves_nothing",),
    ),
    Defect(
        name="events of the future are taken",
        edits=(
            Edit(
                path="randonumber/inbox/signature.py",
                old="    if abs(now_seconds - int(timestamp)) > TOLERANCE_SECONDS:\n",
                new="    if now_seconds - int(timestamp) > TOLERANCE_SECONDS:\n",
            ),
        ),
        tests=("tests/inbox/test_views.py::test_a_forged_or_stale_event_is_refused_and_leaves_nothing",),
    ),
    Defect(
        name="event marked done before its effect",
        edits=(
            Edit(
                path="randonumber/inbox/dispatch.py",
                old="""        with transaction() as session:
            _take_effect(session, event, effects)
""",
                new="""        with transaction() as session:
            _take_effect(session, event, [])
        with transaction() as session:
            for effect in effects:
                effect(session)
""",
            ),
        ),
        tests=("tests/inbox/test_dispatch.py::test_an_effect_that_raises_leaves_nothing_behind_and_is_tried_again",),
    ),
    Defect(
        name="no amount comparison",
        pain=24,
        edits=(
            Edit(
                path=COMPLETING,
                old="    if (payment.amount_minor, payment.currency) != (purchase.amount_minor, purchase.currency):\n",
                new="    if payment.currency != purchase.currency and payment.amount_minor < 0:\n",
            ),
        ),
        tests=("tests/credits/test_buying.py::test_another_amount_or_currency_is_put_aside_and_told",),
    ),
    Defect(
        name="a second payment is booked again",
        edits=(
            Edit(
                path=COMPLETING,
                old="    if purchase.payment_id is not None or purchase.status in BOOKED:\n",
                new="    if purchase.payment_id is not None and purchase.status not in BOOKED:\n",
            ),
        ),
        tests=(
            "tests/credits/test_buying.py::test_a_second_payment_of_one_purchase_gives_nothing_twice_and_is_told_once",
        ),
    ),
    Defect(
        name="GET that spends",
        edits=(
            Edit(
                path="randonumber/api/draws.py",
                old='@blueprint.route("/number/", methods=["POST"], provide_automatic_options=False)',
                new='@blueprint.route("/number/", methods=["GET", "POST"], provide_automatic_options=False)',
            ),
        ),
        tests=("tests/api/test_draws.py::test_only_a_post_spends",),
    ),
    Defect(
        name="the answer under an Idempotency-Key is not kept",
        edits=(
            Edit(
                path="randonumber/api/idempotency.py",
                old="    connection.execute(_KEEP, occasion.scope | answer)\n",
                new="    del connection, answer\n",
            ),
        ),
        tests=("tests/api/test_idempotency.py::test_the_same_request_again_gets_the_same_bytes_and_draws_nothing",),
    ),
    Defect(
        name="a 500 is taken for a refusal",
        edits=(
            Edit(
                path="randonumber/calls/rules.py",
                old="_REFUSALS: Final = frozenset({400, 402, 404})",
                new="_REFUSALS: Final = frozenset({400, 402, 404, 500})",
            ),
        ),
        tests=("tests/calls/test_rules.py",),
    ),
    Defect(
        name="a list is read only to its first page",
        edits=(
            Edit(
                path="randonumber/stripe_gateway/client.py",
                old='if not page["has_more"] or not page["data"]:',
                new="if page:",
            ),
        ),
        tests=("tests/inbox/test_sweeping.py::test_more_events_than_a_page_holds_are_all_found",),
    ),
    Defect(
        name="lease not looked at",
        edits=(
            Edit(
                path="randonumber/calls/journal.py",
                old="if row.lease_until is not None and row.lease_until > now:",
                new="if row.lease_until is not None and row.lease_until < row.planned_at:",
            ),
        ),
        tests=("tests/calls/test_driver.py::test_of_two_drivers_at_once_one_asks_and_both_learn_the_outcome",),
    ),
)
