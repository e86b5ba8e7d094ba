"""Withdrawing, as pages: the form stands on the wallet's page, each withdrawal has a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import flash, redirect, render_template, request, url_for

from randonumber import clock, sections
from randonumber.access import is_fresh, person, signed_in, verify_first
from randonumber.database import transaction
from randonumber.payouts import withdrawal_queries
from randonumber.payouts.blueprint import blueprint
from randonumber.payouts.models import OPEN
from randonumber.payouts.service.withdrawals import cancelling
from randonumber.payouts.service.withdrawals.reasons import NotWithdrawable
from randonumber.payouts.service.withdrawals.requesting import Asker, withdraw
from randonumber.payouts.service.withdrawals.settling import reversals_of
from randonumber.payouts.withdrawal_forms import WithdrawForm

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from randonumber.payouts.models import Withdrawal

UNPROCESSABLE: Final = 422
_PAUSES_SECONDS: Final = ((30, 2), (600, 10))
"""An open withdrawal is looked at again every 2 seconds while it is younger than 30, and so on; then each minute."""


@blueprint.post("/wallet/withdrawals")
@signed_in
def start_withdrawal() -> ResponseReturnValue:
    """Withdraw; what stands against it stands on the form. Whoever gave no password lately gives it first."""
    form = WithdrawForm()
    if not form.validate():
        return sections.wallet_page(person().user_id, withdraw_form=form), UNPROCESSABLE
    if not is_fresh():
        return verify_first(f"/wallet?withdraw={quote(form.typed, safe='')}")
    who = person()
    asker = Asker(user_id=who.user_id, actor=f"user:{who.ref}", is_fresh=True)
    try:
        ref = withdraw(asker, form.asked, form.form_ref.data or "")
    except NotWithdrawable as refusal:
        shown = sections.wallet_page(who.user_id, withdraw_form=form, withdraw_refusals=refusal.reasons)
        return shown, UNPROCESSABLE
    return redirect(url_for("payouts.show_withdrawal", ref=ref), 303)


@blueprint.get("/wallet/withdrawals")
@signed_in
def list_withdrawals() -> ResponseReturnValue:
    """Show every withdrawal of whoever is signed in, newest first."""
    with transaction() as session:
        before = request.args.get("before") or None
        page = withdrawal_queries.withdrawals(session, person().user_id, before=before)
    return render_template("payouts/withdrawals.html", page=page)


@blueprint.get("/wallet/withdrawals/<ref>")
@signed_in
def show_withdrawal(ref: str) -> ResponseReturnValue:
    """Show one withdrawal; the page of an open one goes on by itself."""
    with transaction() as session:
        withdrawal = withdrawal_queries.get_withdrawal(session, person().user_id, ref)
        reversals = reversals_of(session, withdrawal)
    return render_template(
        "payouts/withdrawal.html",
        withdrawal=withdrawal,
        reversals=reversals,
        pause_seconds=_pause_seconds(withdrawal),
    )


@blueprint.post("/wallet/withdrawals/<ref>/cancel")
@signed_in
def cancel_withdrawal(ref: str) -> ResponseReturnValue:
    """Call a withdrawal off that was not sent."""
    who = person()
    try:
        cancelling.cancel(who.user_id, ref, actor=f"user:{who.ref}")
        flash("The withdrawal is cancelled. Its money is back in your wallet.", "success")
    except cancelling.TooLate as refusal:
        flash(refusal.detail, "warning")
    return redirect(url_for("payouts.show_withdrawal", ref=ref), 303)


def _pause_seconds(withdrawal: Withdrawal) -> int | None:
    if withdrawal.status not in OPEN:
        return None
    age_seconds = int((clock.now() - withdrawal.created_at).total_seconds())
    return next((pause for limit, pause in _PAUSES_SECONDS if age_seconds < limit), 60)
