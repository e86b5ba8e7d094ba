"""Withdrawing over the API: amounts in cents, and every reason why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, request

from randonumber import access, bodies, clock
from randonumber.api import callers, once, pages, rates
from randonumber.api.callers import SignedIn
from randonumber.database import transaction
from randonumber.errors import InvalidRequest
from randonumber.payouts import withdrawal_queries
from randonumber.payouts.service.withdrawals import requesting
from randonumber.payouts.service.withdrawals.destination import look
from randonumber.payouts.service.withdrawals.reasons import ALL, reasons
from randonumber.payouts.service.withdrawals.requesting import Asker

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Response
    from sqlalchemy.orm import Session

    from randonumber.api.callers import Caller
    from randonumber.payouts.models import Withdrawal
    from randonumber.payouts.service.withdrawals.destination import Look
    from randonumber.payouts.service.withdrawals.reasons import Asked

SCOPE: Final = "withdraw"
LARGEST: Final = 10**14
"""In cents, more than any wallet holds; the database counts further."""

blueprint = Blueprint("api_withdrawals", __name__, url_prefix="/api/v1")
blueprint.after_request(rates.tell)


@blueprint.route("/withdrawals", methods=["POST"], provide_automatic_options=False)
def start() -> Response:
    """Withdraw what the JSON body asks for: 201, or 409 with the reasons. `?dry_run=true` only says the reasons."""
    caller = callers.identify()
    rates.count(caller)
    is_dry_run = _is_dry_run()
    seen = _look(caller)
    if is_dry_run:
        return _try_out(caller, seen)
    held: list[str] = []

    def effect(session: Session, user_id: int, asked: Asked) -> Response:
        withdrawal = requesting.hold(session, _asker(caller, user_id), asked, look=seen)
        held.append(withdrawal.ref)
        return pages.json_answer(_show(withdrawal), 201)

    answer = once.answer_in_transaction(caller, SCOPE, _read, effect)
    for ref in held:
        requesting.send(ref, look=seen)
    return answer


@blueprint.get("/withdrawals")
def list_withdrawals() -> Response:
    """Return the caller's withdrawals, newest first."""
    caller = callers.identify()
    rates.count(caller)
    wanted = pages.wanted()
    with transaction() as session:
        user_id = callers.require(session, caller, "read")
        page = withdrawal_queries.withdrawals(session, user_id, before=wanted.cursor, limit=wanted.limit)
    return pages.answer([_show(withdrawal) for withdrawal in page.rows], page.next_cursor)


@blueprint.get("/withdrawals/<ref>")
def show(ref: str) -> Response:
    """Return one withdrawal of the caller's."""
    caller = callers.identify()
    rates.count(caller)
    with transaction() as session:
        user_id = callers.require(session, caller, "read")
        withdrawal = withdrawal_queries.get_withdrawal(session, user_id, ref)
    return pages.json_answer(_show(withdrawal))


def _is_dry_run() -> bool:
    given = request.args.get("dry_run", "false")
    if given not in {"true", "false"}:
        message = "dry_run is true or false."
        raise InvalidRequest(message, errors=[{"field": "dry_run", "message": "must be true or false"}])
    return given == "true"


def _look(caller: Caller) -> Look | None:
    """Ask Stripe about the caller's account, for whoever may withdraw and asks for something that can be read."""
    with transaction() as session:
        user_id = callers.require(session, caller, SCOPE)
    _read()
    return look(user_id)


def _try_out(caller: Caller, seen: Look | None) -> Response:
    with transaction() as session:
        user_id = callers.require(session, caller, SCOPE)
        asker = _asker(caller, user_id)
        against = reasons(session, user_id, _read(), clock.now(), look=seen, is_fresh=asker.is_fresh)
    return pages.json_answer({"allowed": not against, "reasons": [reason.shown() for reason in against]})


def _asker(caller: Caller, user_id: int) -> Asker:
    """Name who asks. A key was given its scope on a fresh sign-in; a browser needs one now."""
    is_fresh = not isinstance(caller, SignedIn) or access.is_fresh()
    return Asker(user_id=user_id, actor=caller.payer.actor, is_fresh=is_fresh)


def _read() -> Asked:
    """Read the body: `amount` in cents, a whole number above zero, or "all". Raises InvalidRequest."""
    fields = bodies.json_object()
    amount = fields.get("amount")
    errors = [{"field": name, "message": "is not known here"} for name in fields if name != "amount"]
    if amount == ALL and isinstance(amount, str) and not errors:
        return ALL
    is_whole = type(amount) is int and 1 <= amount <= LARGEST  # a JSON true is an instance of int
    if not is_whole:
        errors.append({"field": "amount", "message": f'must be a whole number of cents from 1 to {LARGEST}, or "all"'})
    if errors:
        message = "This withdrawal cannot be read; each field in errors says why."
        raise InvalidRequest(message, errors=errors)
    return int(fields["amount"])


def _show(withdrawal: Withdrawal) -> dict[str, Any]:
    return {
        "withdrawal": withdrawal.ref,
        "status": withdrawal.status,
        "amount": withdrawal.amount_minor,
        "fee": withdrawal.fee_minor,
        "currency": withdrawal.currency,
        "destination": withdrawal.stripe_account_id,
        "transfer": withdrawal.transfer_id,
        "reversed": withdrawal.reversed_minor,
        "reason": withdrawal.reason,
        "created_at": withdrawal.created_at.isoformat(),
        "sent_at": _moment(withdrawal.sent_at),
        "waiting_since": _moment(withdrawal.waiting_since),
        "closed_at": _moment(withdrawal.closed_at),
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
