"""The rules that end every unknown outcome (reliability.md section 4), as pure functions: no database, no network.

What drives a call asks three questions. Before: `next_step`. After Stripe answered, or did not: `classify`, then
`after_answer`. After a look-up: `after_look_up`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from randonumber.stripe_gateway.wire import LATER_CODES

KEY_LIFE_SECONDS: Final = 23 * 3600
"""Stripe keeps an idempotency key for 24 hours at least; an hour is left for clocks and long requests."""
STICKY_AFTER: Final = 3
"""The same 5xx so often means that Stripe has stored it under the key, and will repeat it for ever."""
SHORTEST_WAIT_SECONDS: Final = 1
LONGEST_WAIT_SECONDS: Final = 600
LONGEST_OUTAGE_WAIT_SECONDS: Final = 60
"""While Stripe cannot be reached or says "later", so that a backlog is gone within two minutes of its return."""
DENIED_WAIT_SECONDS: Final = 60
"""A stopped queue lets one call try this often: the key may have been given its rights back."""
FUNDS_WAIT_SECONDS: Final = 600
CHECK_WAIT_SECONDS: Final = 15
"""So long an attempt waits that was held back because Stripe did not answer what had to be known before."""


class Status(StrEnum):
    """Where an attempt stands. `void`: it did not happen and never will; another followed, or it was called off."""

    PLANNED = "planned"
    SENT = "sent"
    OK = "ok"
    REFUSED = "refused"
    VOID = "void"


OPEN: Final = frozenset({Status.PLANNED, Status.SENT})


@dataclass(frozen=True, kw_only=True)
class State:
    """What the rules need to know of an attempt. `server_errors` counts the same 5xx in a row."""

    status: Status
    failures: int = 0
    server_errors: int = 0
    server_error_status: int | None = None
    planned_at: datetime | None = None
    first_sent_at: datetime | None = None
    last_sent_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The figures that an installation may set. `quiet_seconds`: no look-up sooner after the last request."""

    quiet_seconds: int
    key_life_seconds: int = KEY_LIFE_SECONDS


class Step(StrEnum):
    """What to do with a call now."""

    NOTHING = "nothing"
    WAIT = "wait"
    SEND = "send"
    LOOK_UP = "look_up"


@dataclass(frozen=True, kw_only=True)
class Next:
    """The step, and for WAIT the moment until which nothing may be asked."""

    step: Step
    wait_until: datetime | None = None


def next_step(state: State, now: datetime, limits: Limits) -> Next:
    """Decide what a call needs now.

    The same key again while it is young; a look-up once the key may be forgotten or holds a stored 5xx, and then only
    after the quiet time, since a request of ours may still be on its way.
    """
    if state.status not in OPEN:
        return Next(step=Step.NOTHING)
    if state.status is Status.PLANNED or state.first_sent_at is None or state.last_sent_at is None:
        return Next(step=Step.SEND)
    key_is_old = now - state.first_sent_at >= timedelta(seconds=limits.key_life_seconds)
    if not key_is_old and state.server_errors < STICKY_AFTER:
        return Next(step=Step.SEND)
    quiet_at = state.last_sent_at + timedelta(seconds=limits.quiet_seconds)
    if now < quiet_at:
        return Next(step=Step.WAIT, wait_until=quiet_at)
    return Next(step=Step.LOOK_UP)


def looks_first(state: State, now: datetime, limits: Limits) -> bool:
    """Whether an attempt is looked up before a request of it goes out.

    One whose first request comes so long after it was planned that a key would be forgotten meanwhile may come out of
    a backup: what was sent after the backup was made is known to Stripe alone, whose key would no longer replay it.
    A request that is counted here may have died in the look before it: so each one is preceded by a look.
    """
    if state.planned_at is None:
        return False
    return (state.first_sent_at or now) - state.planned_at >= timedelta(seconds=limits.key_life_seconds)


class Answer(StrEnum):
    """What an answer of Stripe's means."""

    DONE = "done"
    NEVER = "never"
    UNREACHABLE = "unreachable"
    LATER = "later"
    SERVER_ERROR = "server_error"
    DENIED = "denied"
    KEY_REUSED = "key_reused"
    NO_FUNDS = "no_funds"
    UNCLEAR = "unclear"


_REFUSALS: Final = frozenset({400, 402, 404})
_LATER: Final = frozenset({409, 425, 429})
_NO_FUNDS_CODES: Final = frozenset({"balance_insufficient"})


def classify(status: int | None, *, code: str | None = None, key_reused: bool = False) -> Answer:
    """Say what an HTTP status (None: no whole answer arrived) with Stripe's error code means.

    Only 400, 402 and 404 are refusals. Whatever is not known here stays unclear: it is never taken for a failure.
    """
    if key_reused:
        return Answer.KEY_REUSED
    if status is None or 200 <= status <= 299:  # noqa: PLR2004 - a success whose body is broken proves nothing
        return Answer.UNREACHABLE
    if code in LATER_CODES or status in _LATER:
        return Answer.LATER
    if code in _NO_FUNDS_CODES:
        return Answer.NO_FUNDS
    if status in _REFUSALS:
        return Answer.NEVER
    return _classify_rest(status)


def _classify_rest(status: int) -> Answer:
    if status in {401, 403}:
        return Answer.DENIED
    if 500 <= status <= 599:  # noqa: PLR2004 - server errors
        return Answer.SERVER_ERROR
    return Answer.UNCLEAR


class Action(StrEnum):
    """What to write into the journal."""

    SETTLE = "settle"
    REFUSE = "refuse"
    RETRY = "retry"
    STOP = "stop"
    STAY = "stay"
    NEXT_ATTEMPT = "next_attempt"
    HOLD_BACK = "hold_back"
    """Nothing went out: it is planned as before, under the same key, which a backup knows, too."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """An action, when to go on (`due_in_ms`; None: not by itself), and an alarm for the operator."""

    action: Action
    due_in_ms: int | None = None
    alarm: str | None = None
    server_errors: int = 0
    server_error_status: int | None = None


_CLOSING: Final = {
    Answer.DONE: Decision(action=Action.SETTLE),
    Answer.NEVER: Decision(action=Action.REFUSE),
    Answer.NO_FUNDS: Decision(action=Action.NEXT_ATTEMPT, due_in_ms=FUNDS_WAIT_SECONDS * 1000),
}


def after_answer(state: State, answer: Answer, *, status: int | None = None, jitter_permille: int = 0) -> Decision:
    """Decide what an answer to a request leads to. `jitter_permille`, 0 to 1000, spreads the waiting times."""
    if answer in _CLOSING:
        return _CLOSING[answer]
    if answer is Answer.DENIED:
        return _go_on(state, Action.STOP, DENIED_WAIT_SECONDS * 1000, "Stripe denies the key")
    if answer is Answer.KEY_REUSED:
        return _go_on(state, Action.STAY, None, "the key was used with other parameters")
    if answer in {Answer.UNREACHABLE, Answer.LATER}:
        wait = back_off_ms(state.failures, jitter_permille, longest_seconds=LONGEST_OUTAGE_WAIT_SECONDS)
        return _go_on(state, Action.RETRY, wait)
    wait = back_off_ms(state.failures, jitter_permille)
    if answer is Answer.UNCLEAR:
        return _go_on(state, Action.RETRY, wait, f"an answer without a rule: {status}")
    same = state.server_errors + 1 if status == state.server_error_status else 1
    return _go_on(replace(state, server_errors=same, server_error_status=status), Action.RETRY, wait)


def after_look_up(state: State, *, found: bool | None, jitter_permille: int = 0) -> Decision:
    """Decide what a look-up leads to: `found` None means that it could not be made, which proves nothing."""
    if found is None:
        wait = back_off_ms(state.failures, jitter_permille, longest_seconds=LONGEST_OUTAGE_WAIT_SECONDS)
        return _go_on(state, Action.RETRY, wait)
    return Decision(action=Action.SETTLE) if found else Decision(action=Action.NEXT_ATTEMPT, due_in_ms=0)


def after_check(*, refused: bool) -> Decision:
    """Decide what a check leads to that let nothing go out: refused for good, or not answered by Stripe."""
    if refused:
        return Decision(action=Action.REFUSE)
    return Decision(action=Action.HOLD_BACK, due_in_ms=CHECK_WAIT_SECONDS * 1000)


def back_off_ms(failures: int, jitter_permille: int = 0, *, longest_seconds: int = LONGEST_WAIT_SECONDS) -> int:
    """Return how many milliseconds to wait after so many failures before this one: doubling from 1 s.

    The jitter takes off up to half, and never leaves less than a second: one object is asked about at most once a
    second.
    """
    shortest = SHORTEST_WAIT_SECONDS * 1000
    wait = min(longest_seconds * 1000, shortest << min(failures, 20))
    return max(shortest, wait - wait * jitter_permille // 2000)


def _go_on(state: State, action: Action, due_in_ms: int | None, alarm: str | None = None) -> Decision:
    """Leave the attempt open, with what was counted so far."""
    return Decision(
        action=action,
        due_in_ms=due_in_ms,
        alarm=alarm,
        server_errors=state.server_errors,
        server_error_status=state.server_error_status,
    )
