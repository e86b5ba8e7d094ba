"""Withdrawals that do not end by themselves: the queue, each with what Stripe shows of it, and what ends it by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort, flash, redirect, render_template

from randonumber.access import is_fresh, verify_first
from randonumber.admin.access import actor, operator
from randonumber.admin.blueprint import blueprint
from randonumber.admin.forms import ReasonForm
from randonumber.calls import Outcome
from randonumber.database import transaction
from randonumber.errors import AppError, NotFound, TryLater
from randonumber.payouts import queue_queries
from randonumber.payouts.service.withdrawals import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

TRIED = {
    Outcome.OK: "It is paid.",
    Outcome.REFUSED: "Stripe refused it; the money is back in the wallet.",
    Outcome.UNKNOWN: "It has not ended: what stands below says why. It goes on by itself.",
}


@blueprint.get("/withdrawals")
@operator
def queue() -> ResponseReturnValue:
    """List every withdrawal that has not ended, oldest first."""
    with transaction() as session:
        rows = queue_queries.queue(session)
    return render_template("admin/withdrawals.html", rows=rows, most=queue_queries.MOST)


@blueprint.get("/withdrawals/<ref>")
@operator
def withdrawal(ref: str) -> ResponseReturnValue:
    """Show a withdrawal, what the journal says of it, and its transfers at Stripe."""
    return _page(ref, ReasonForm(formdata=None))


@blueprint.post("/withdrawals/<ref>/retry")
@operator
def retry(ref: str) -> ResponseReturnValue:
    """Try the transfer again now."""
    return _act(ref, ReasonForm(formdata=None), lambda: TRIED[by_hand.retry(ref)])


@blueprint.post("/withdrawals/<ref>/release")
@operator
def release(ref: str) -> ResponseReturnValue:
    """Give everything back to the wallet, when Stripe has no transfer of it."""

    def act() -> str:
        by_hand.release(ref, reason=form.reason.data or "", actor=actor())
        return "Released: the money is back in the wallet."

    form = ReasonForm()
    return _act(ref, form, act) if form.validate_on_submit() or not is_fresh() else _page(ref, form, 422)


@blueprint.post("/withdrawals/<ref>/settle")
@operator
def settle(ref: str) -> ResponseReturnValue:
    """Book it as paid, when Stripe has exactly its transfer."""

    def act() -> str:
        by_hand.settle(ref, reason=form.reason.data or "", actor=actor())
        return "Settled: it is booked as paid."

    form = ReasonForm()
    return _act(ref, form, act) if form.validate_on_submit() or not is_fresh() else _page(ref, form, 422)


def _act(ref: str, form: ReasonForm, act: Callable[[], str]) -> ResponseReturnValue:
    """Do it, for an operator who has just given a password; what stands against it is shown on the page."""
    if not is_fresh():
        return verify_first(f"/admin/withdrawals/{ref}")
    try:
        flash(act(), "success")
    except NotFound:
        abort(404)
    except AppError as refusal:
        form.form_errors.append(refusal.detail)
        return _page(ref, form, refusal.status if isinstance(refusal, TryLater) else 422)
    return redirect(f"/admin/withdrawals/{ref}", 303)


def _page(ref: str, form: ReasonForm, status: int = 200) -> ResponseReturnValue:
    with transaction() as session:
        found = queue_queries.find(session, ref)
    if found is None:
        abort(404)
    try:
        seen = by_hand.look(found.ref).transfers
    except TryLater:
        seen = None
    return render_template("admin/withdrawal.html", withdrawal=found, transfers=seen, form=form), status
