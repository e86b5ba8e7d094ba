"""The rules of reliability.md section 4, as a table: nothing but values goes in and comes out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from randonumber.calls import rules
from randonumber.calls.rules import Action, Answer, Limits, State, Status, Step

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIMITS = Limits(quiet_seconds=300)


def sent(*, first: int = 10, last: int = 10, failures: int = 1, same: int = 0, of: int | None = None) -> State:
    """Return an attempt that was first and last sent so many seconds ago."""
    return State(
        status=Status.SENT,
        failures=failures,
        server_errors=same,
        server_error_status=of,
        first_sent_at=NOW - timedelta(seconds=first),
        last_sent_at=NOW - timedelta(seconds=last),
    )


@pytest.mark.parametrize("status", [Status.OK, Status.REFUSED, Status.VOID])
def test_a_closed_attempt_needs_nothing(status: Status) -> None:
    assert rules.next_step(State(status=status), NOW, LIMITS).step is Step.NOTHING


HOURS = 3600

STEPS = [
    ("planned is sent", State(status=Status.PLANNED), Step.SEND),
    ("just sent, unknown: the same key again", sent(), Step.SEND),
    ("two equal 5xx are chance", sent(same=2, of=500), Step.SEND),
    ("three equal 5xx are stored under the key: first be quiet", sent(same=3, of=500), Step.WAIT),
    ("then look", sent(first=400, last=300, same=3, of=500), Step.LOOK_UP),
    ("one second short of quiet", sent(first=400, last=299, same=3, of=500), Step.WAIT),
    ("four are as three", sent(first=400, last=301, same=4, of=503), Step.LOOK_UP),
    ("a second under 23 hours", sent(first=23 * HOURS - 1, last=23 * HOURS - 1), Step.SEND),
    ("23 hours: never again, look", sent(first=23 * HOURS, last=23 * HOURS), Step.LOOK_UP),
    ("23 hours, but sent a moment ago", sent(first=23 * HOURS, last=5), Step.WAIT),
    ("a month", sent(first=720 * HOURS, last=720 * HOURS), Step.LOOK_UP),
    ("a month and sticky", sent(first=720 * HOURS, last=700 * HOURS, same=3, of=500), Step.LOOK_UP),
]


@pytest.mark.parametrize(("name", "state", "step"), STEPS, ids=[name for name, _, _ in STEPS])
def test_what_an_attempt_needs_next(name: str, state: State, step: Step) -> None:
    assert rules.next_step(state, NOW, LIMITS).step is step


def test_waiting_ends_when_the_quiet_time_does() -> None:
    found = rules.next_step(sent(last=100, same=3, of=500), NOW, LIMITS)

    assert found.wait_until == NOW + timedelta(seconds=200)


def test_every_status_that_http_knows_has_a_meaning_and_only_three_are_refusals() -> None:
    refusals = {status for status in range(100, 600) if rules.classify(status) is Answer.NEVER}

    assert refusals == {400, 402, 404}


MEANINGS = [
    (None, None, Answer.UNREACHABLE),
    (200, None, Answer.UNREACHABLE),
    (204, None, Answer.UNREACHABLE),
    (302, None, Answer.UNCLEAR),
    (400, "parameter_unknown", Answer.NEVER),
    (400, "balance_insufficient", Answer.NO_FUNDS),
    (400, "rate_limit", Answer.LATER),
    (400, "lock_timeout", Answer.LATER),
    (401, None, Answer.DENIED),
    (402, "card_declined", Answer.NEVER),
    (402, "balance_insufficient", Answer.NO_FUNDS),
    (403, None, Answer.DENIED),
    (404, "resource_missing", Answer.NEVER),
    (405, None, Answer.UNCLEAR),
    (409, "idempotency_key_in_use", Answer.LATER),
    (409, None, Answer.LATER),
    (413, None, Answer.UNCLEAR),
    (429, "lock_timeout", Answer.LATER),
    (429, None, Answer.LATER),
    (500, None, Answer.SERVER_ERROR),
    (502, None, Answer.SERVER_ERROR),
    (503, None, Answer.SERVER_ERROR),
    (599, None, Answer.SERVER_ERROR),
]


@pytest.mark.parametrize(("status", "code", "answer"), MEANINGS)
def test_what_an_answer_means(status: int | None, code: str | None, answer: Answer) -> None:
    assert rules.classify(status, code=code) is answer


def test_a_reused_key_is_a_bug_whatever_the_status_says() -> None:
    assert rules.classify(400, key_reused=True) is Answer.KEY_REUSED


ACTIONS = {
    Answer.DONE: Action.SETTLE,
    Answer.NEVER: Action.REFUSE,
    Answer.UNREACHABLE: Action.RETRY,
    Answer.LATER: Action.RETRY,
    Answer.SERVER_ERROR: Action.RETRY,
    Answer.UNCLEAR: Action.RETRY,
    Answer.DENIED: Action.STOP,
    Answer.KEY_REUSED: Action.STAY,
    Answer.NO_FUNDS: Action.NEXT_ATTEMPT,
}


@pytest.mark.parametrize("answer", list(Answer))
def test_what_each_answer_leads_to(answer: Answer) -> None:
    assert rules.after_answer(sent(), answer, status=500).action is ACTIONS[answer]


@pytest.mark.parametrize("answer", [Answer.DENIED, Answer.KEY_REUSED, Answer.UNCLEAR])
def test_what_a_person_must_know_is_an_alarm(answer: Answer) -> None:
    assert rules.after_answer(sent(), answer, status=405).alarm is not None


@pytest.mark.parametrize("answer", [Answer.UNREACHABLE, Answer.LATER, Answer.SERVER_ERROR, Answer.NO_FUNDS])
def test_what_ends_by_itself_is_no_alarm(answer: Answer) -> None:
    assert rules.after_answer(sent(), answer, status=500).alarm is None


def test_a_reused_key_stays_until_a_person_acts() -> None:
    assert rules.after_answer(sent(), Answer.KEY_REUSED).due_in_ms is None


def test_the_same_5xx_is_counted_and_another_one_begins_anew() -> None:
    first = rules.after_answer(sent(), Answer.SERVER_ERROR, status=500)
    second = rules.after_answer(sent(same=1, of=500), Answer.SERVER_ERROR, status=500)
    other = rules.after_answer(sent(same=2, of=500), Answer.SERVER_ERROR, status=503)

    assert [found.server_errors for found in (first, second, other)] == [1, 2, 1]
    assert other.server_error_status == 503


@pytest.mark.parametrize("answer", [Answer.UNREACHABLE, Answer.LATER, Answer.UNCLEAR, Answer.DENIED])
def test_what_says_nothing_about_the_stored_answer_leaves_the_count(answer: Answer) -> None:
    found = rules.after_answer(sent(same=2, of=500), answer, status=429)

    assert (found.server_errors, found.server_error_status) == (2, 500)


def test_found_settles_none_begins_the_next_attempt_and_an_unmade_look_up_changes_nothing() -> None:
    state = sent(same=3, of=500)

    assert rules.after_look_up(state, found=True).action is Action.SETTLE
    assert rules.after_look_up(state, found=False).action is Action.NEXT_ATTEMPT
    unmade = rules.after_look_up(state, found=None)
    assert (unmade.action, unmade.server_errors) == (Action.RETRY, 3)


def test_waiting_doubles_from_one_second_to_ten_minutes() -> None:
    waits = [rules.back_off_ms(failures) for failures in range(30)]

    assert waits[:4] == [1000, 2000, 4000, 8000]
    assert waits[-1] == 600_000
    assert all(later >= sooner for sooner, later in pairwise(waits))


def test_an_outage_is_asked_about_at_least_every_minute() -> None:
    for answer in (Answer.UNREACHABLE, Answer.LATER):
        assert rules.after_answer(sent(failures=25), answer).due_in_ms == 60_000


@pytest.mark.parametrize("failures", range(12))
@pytest.mark.parametrize("jitter", [0, 1, 250, 500, 999, 1000])
def test_jitter_takes_off_up_to_half_and_never_leaves_less_than_a_second(failures: int, jitter: int) -> None:
    plain, spread = rules.back_off_ms(failures), rules.back_off_ms(failures, jitter)

    assert max(1000, plain // 2) <= spread <= plain
