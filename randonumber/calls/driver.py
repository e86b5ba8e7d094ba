"""Drives a call to its end: a thin shell around the rules.

One transaction takes the call under a lease; then Stripe is asked with none open; a second one writes down what came
of it, together with what the feature makes of it.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from flask import current_app, has_request_context

from randonumber import clock
from randonumber.calls import journal, rules, stops
from randonumber.calls.operations import NotNow, Refusal, get_operation
from randonumber.calls.rules import Action, Answer, Decision, Limits, Status, Step
from randonumber.database import transaction
from randonumber.failpoints import failpoint
from randonumber.stripe_gateway import (
    StripeKeyReused,
    StripeNotFound,
    StripeRefused,
    StripeUnavailable,
    gateway,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls.journal import Idle, Lease
    from randonumber.calls.models import StripeCall
    from randonumber.calls.operations import Call, Check

log = logging.getLogger(__name__)

BUSY_SECONDS: Final = 3
"""So long a caller waits for another one that is at the same call: the second click of a double click."""
BUSY_POLL_MS: Final = 100
LEASE_MARGIN_SECONDS: Final = 2
MISSING: Final = "resource_missing"


class Outcome(StrEnum):
    """What is known about a call now. UNKNOWN goes on by itself."""

    OK = "ok"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What came back from Stripe, and what the rules make of it."""

    decision: Decision
    result: Mapping[str, Any] | None = None
    refusal: Refusal | None = None
    error: str | None = None
    status: int | None = None


def drive(call_id: int) -> Outcome:
    """Try the call at once, and run its operation's `settled` or `refused` when Stripe settles it.

    Safe to call again by anyone, also while another process is at it: a lease lets one pass, and this waits a moment
    for it, unless Stripe is known to be silent. Opens transactions of its own. Never raises for what Stripe does or
    does not answer.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    failpoint("after_intent")
    while True:
        found = _drive_once(call_id, is_eager=True)
        if isinstance(found, Outcome):
            return found
        if not found.is_busy or time.monotonic() > deadline or gateway().wire.is_silent:
            return _outcome(found.status)
        time.sleep(BUSY_POLL_MS / 1000)


def drive_due(call_id: int) -> Outcome:
    """Do what the call needs if its time has come: for the worker. Like `drive`, without a person's hurry."""
    found = _drive_once(call_id, is_eager=False)
    return found if isinstance(found, Outcome) else _outcome(found.status)


def _drive_once(call_id: int, *, is_eager: bool) -> Outcome | Idle:
    """Take, ask, write down. An attempt that turned out never to have happened is followed by the next at once."""
    following: int | None = call_id
    status = Status.VOID
    while following is not None:
        with transaction() as session:
            taken = journal.take(
                session, following, is_eager=is_eager, limits=_limits(), lease_seconds=_lease_seconds()
            )
        if isinstance(taken, journal.Idle):
            return taken
        failpoint("after_lease")
        heard = _look_up(taken) if taken.step is Step.LOOK_UP else _send(taken)
        failpoint("before_settle")
        with transaction() as session:
            status, following = _write(session, taken, heard)
        failpoint("after_settle")
    return _outcome(status)


def _send(lease: Lease) -> Heard:
    call = lease.call
    if lease.looks_first and (known := _look_first(lease)):
        return known
    check = get_operation(current_app, call.operation, call.ref).check if lease.state.first_sent_at is None else None
    if check and (held_back := _ask(check, call)):
        return held_back
    if (lease.looks_first or check) and not _is_still_ours(lease):
        return Heard(decision=rules.after_check(refused=False), error="the lease has passed on")
    try:
        result = gateway().send(call.operation, call.params, call.key, call.stripe_account)
    except StripeUnavailable as error:
        answer = rules.classify(error.status, code=error.code, key_reused=isinstance(error, StripeKeyReused))
        if answer is Answer.NEVER:  # a 400 or 404 of something in between: Stripe itself has refused nothing
            answer = Answer.UNCLEAR
        return _heard(lease, answer, error=error.reason, status=error.status)
    except StripeRefused as error:
        answer = rules.classify(error.status, code=error.code)
        refusal = Refusal(
            code=error.code,
            message=error.message,
            param=error.param,
            status=error.status,
            decline_code=error.decline_code,
        )
        return _heard(lease, answer, refusal=refusal, error=error.code or str(error.status), status=error.status)
    return _heard(lease, Answer.DONE, result=result)


def _look_first(lease: Lease) -> Heard | None:
    """Look an attempt up that may have been sent in a former life of the database; None when nothing is there.

    While that cannot be known nothing goes out, and it waits: planned as before, or, where something may be out, sent.
    """
    heard = _look_up(lease)
    if heard.decision.action is Action.NEXT_ATTEMPT:
        return None
    if heard.decision.action is Action.SETTLE or lease.state.first_sent_at is not None:
        return heard
    return Heard(decision=rules.after_check(refused=False), error=heard.error)


def _is_still_ours(lease: Lease) -> bool:
    """Whether a request may go out after what was asked before it, however long that took; its time counts from now.

    Meanwhile others may have sent it, or an operator has called it off, who saw that nothing was on its way.
    """
    with transaction() as session:
        return journal.renew(session, lease, lease_seconds=_lease_seconds())


def _ask(check: Check, call: Call) -> Heard | None:
    """Ask the feature whether an attempt that nobody has sent yet may go out; None when it may."""
    try:
        refusal = check(call)
    except StripeUnavailable as error:
        return Heard(decision=rules.after_check(refused=False), error=f"check: {error.reason}")
    except NotNow as reason:
        return Heard(decision=rules.after_check(refused=False), error=f"check: {reason}")
    if refusal is None:
        return None
    return Heard(decision=rules.after_check(refused=True), refusal=refusal, error=refusal.code)


def _heard(lease: Lease, answer: Answer, *, status: int | None = None, **given: Any) -> Heard:
    decision = rules.after_answer(lease.state, answer, status=status, jitter_permille=secrets.randbelow(1000))
    return Heard(decision=decision, status=status, **given)


def _look_up(lease: Lease) -> Heard:
    """Look the object up by its ref. What cannot be looked up, and needs none, counts as not there."""
    find = get_operation(current_app, lease.call.operation, lease.call.ref).find
    found: Mapping[str, Any] | None = None
    is_found: bool | None = None
    error: str | None = None
    try:
        found = find(lease.call) if find else None
        is_found = found is not None
    except StripeUnavailable as reason:
        error = f"look-up: {reason.reason}"
    except StripeRefused as reason:
        error = f"look-up: {reason.code or reason.status}"
        if isinstance(reason, StripeNotFound) or reason.code == MISSING:
            is_found = False  # the owner of the list is gone, and the object with it
    log.info("stripe_call_looked_up", extra={"call": lease.call.id, "found": is_found})
    jitter = secrets.randbelow(1000)
    return Heard(
        decision=rules.after_look_up(lease.state, found=is_found, jitter_permille=jitter), result=found, error=error
    )


def _write(session: Session, lease: Lease, heard: Heard) -> tuple[Status, int | None]:
    """Write down what came of a step; return the attempt's status, and the next attempt when one can go at once."""
    row = journal.hold(session, lease)
    if row is None:
        return Status.SENT, None
    decision = heard.decision
    row.last_error = heard.error
    row.alarm = decision.alarm
    _log_decision(lease, heard)
    if decision.action is Action.NEXT_ATTEMPT:
        due_in_ms = decision.due_in_ms or 0
        following = journal.begin_next_attempt(session, row, due_in_ms=due_in_ms)
        if due_in_ms:
            _tell_unsent(session, lease.call)
        return Status.VOID, None if due_in_ms else following
    if decision.action is Action.HOLD_BACK:
        journal.put_back(session, row, due_in_ms=decision.due_in_ms or 0)
        _tell_unsent(session, lease.call)
        return Status.PLANNED, None
    if decision.action in {Action.SETTLE, Action.REFUSE}:
        _close(session, row, lease, heard)
        return Status(row.status), None
    row.failures += 1
    row.server_errors, row.server_error_status = decision.server_errors, decision.server_error_status
    wait = decision.due_in_ms
    row.due_at = None if wait is None else clock.now() + timedelta(milliseconds=wait)
    if decision.action is Action.STOP:
        stops.stop(session, row.stripe_account, heard.status or 0)
    return Status.SENT, None


def _close(session: Session, row: StripeCall, lease: Lease, heard: Heard) -> None:
    """Close the row, then let the feature do what follows from it, in the same transaction."""
    operation = get_operation(current_app, row.operation, row.ref)
    row.closed_at, row.due_at = clock.now(), None
    if heard.decision.action is Action.SETTLE and heard.result is not None:
        row.status, row.result_id = Status.OK, heard.result.get("id")
        session.flush()
        stops.resume(session, row.stripe_account)
        operation.settled(session, lease.call, heard.result)
    elif heard.refusal is not None:
        row.status = Status.REFUSED
        session.flush()
        stops.resume(session, row.stripe_account)  # Stripe refused the request, so it accepted the key
        operation.refused(session, lease.call, heard.refusal)


def _tell_unsent(session: Session, call: Call) -> None:
    """Let the feature know that nothing was made of this attempt yet, and that it, or the next one, waits."""
    unsent = get_operation(current_app, call.operation, call.ref).unsent
    if unsent is not None:
        unsent(session, call)


def _log_decision(lease: Lease, heard: Heard) -> None:
    call = lease.call
    facts = {"call": call.id, "operation": call.operation, "ref": call.ref, "attempt": call.attempt}
    facts |= {"action": heard.decision.action, "error": heard.error}
    log.info("stripe_call_decided", extra=facts)
    if heard.decision.alarm:
        log.error("stripe_call_alarm", extra={**facts, "alarm": heard.decision.alarm})


def _outcome(status: Status) -> Outcome:
    known = {Status.OK: Outcome.OK, Status.REFUSED: Outcome.REFUSED}
    return known.get(status, Outcome.UNKNOWN)


def _limits() -> Limits:
    config = current_app.extensions["config"]
    key_life = current_app.config.get("STRIPE_KEY_LIFE_SECONDS", rules.KEY_LIFE_SECONDS)
    return Limits(quiet_seconds=config.stripe_quiet_seconds, key_life_seconds=key_life)


def _lease_seconds() -> int:
    """Return how long a lease lasts: as long as one request can live, with a margin.

    A lease that ends too soon costs a second request under the same key, which changes nothing; a look-up waits for
    the quiet time, and writes are fenced.
    """
    config = current_app.extensions["config"]
    patience = "web" if has_request_context() else "worker"
    longest: int = sum(config.stripe_timeouts_seconds[patience]) + LEASE_MARGIN_SECONDS
    return min(longest, int(config.stripe_quiet_seconds))
