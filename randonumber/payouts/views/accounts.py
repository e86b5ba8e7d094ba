"""The connected account, as pages: connecting one, looking after it, and letting go of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import current_app, flash, redirect, render_template, request

from randonumber import access
from randonumber.access import person, signed_in
from randonumber.database import transaction
from randonumber.errors import NotFound
from randonumber.payouts import account_queries, account_wording
from randonumber.payouts.blueprint import blueprint
from randonumber.payouts.models import AccountType
from randonumber.payouts.service import accounts, disconnecting, onboarding
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable, gateway

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from randonumber.payouts.models import PayoutAccount

PAGE: Final = "/payouts"
MADE_HERE: Final = {kind.value: kind for kind in (AccountType.EXPRESS, AccountType.CUSTOM)}
DASHBOARD: Final = "https://dashboard.stripe.com"
UNPROCESSABLE: Final = 422
AWAY: Final = "Stripe does not answer at the moment. Nothing is lost; please try again in a minute."


@blueprint.get("/payouts")
@signed_in
def show() -> ResponseReturnValue:
    """Show the connected account, or the ways to connect one."""
    return _page()


@blueprint.post("/payouts/onboarding")
@signed_in
def begin_onboarding() -> ResponseReturnValue:
    """Have an account made, and lead to Stripe's onboarding; without an answer of Stripe's it is made by itself."""
    kind = MADE_HERE.get(request.form.get("type", ""))
    if kind is None:
        return _page(problem="Choose Express or Custom."), UNPROCESSABLE
    if not access.is_fresh():
        return _password_first()
    started = onboarding.start(person(), kind)
    if started.is_other:
        flash(account_wording.OAUTH["has_another"][1], "danger")
        return redirect(PAGE, 303)
    if started.account.stripe_account_id is None:
        if started.account.disconnected_at is None:
            flash(
                "Stripe does not answer at the moment. Your account is made as soon as it does, by itself.", "warning"
            )
        return redirect(PAGE, 303)
    return _to_onboarding(started.account)


@blueprint.get("/payouts/onboarding/refresh")
@signed_in
def refresh_onboarding() -> ResponseReturnValue:
    """Lead to Stripe's onboarding by a new link. Where details stand already, the password comes first."""
    account = _standing()
    if account is None or account.type not in MADE_HERE:
        flash("There is no account to set up. Choose how to connect one.", "warning")
        return redirect(PAGE, 303)
    if account.details_submitted and not access.is_fresh():
        return access.verify_first(onboarding.REFRESH)
    return _to_onboarding(account)


@blueprint.get("/payouts/onboarding/return")
@signed_in
def return_from_onboarding() -> ResponseReturnValue:
    """Read the account at Stripe again: coming back says nothing about it."""
    account = _standing()
    if account is None:
        return redirect(PAGE, 303)
    try:
        account = accounts.refresh(account)
    except (StripeUnavailable, StripeRefused):
        flash(
            "Stripe does not answer at the moment, so what stands here may be old. Look again in a minute.", "warning"
        )
        return redirect(PAGE, 303)
    state = account_queries.state_of(account)
    flash(account_wording.STATES[state], "success" if account.transfers_active else "warning")
    return redirect(PAGE, 303)


@blueprint.post("/payouts/disconnect")
@signed_in
def disconnect() -> ResponseReturnValue:
    """End the connection: at Stripe, too, where the account is its owner's own."""
    if not access.is_fresh():
        return _password_first()
    done = disconnecting.disconnect(person().user_id, request.form.get("account") or None)
    category, words = account_wording.DISCONNECTED[done]
    flash(words, category)
    return redirect(PAGE, 303)


@blueprint.get("/payouts/dashboard")
@signed_in
def dashboard() -> ResponseReturnValue:
    """Lead to the account's own dashboard: Stripe's for Standard, by a link for Express; Custom has none."""
    account = _standing()
    if account is None or account.type == AccountType.CUSTOM:
        message = "There is no dashboard."
        raise NotFound(message)
    if account.type == AccountType.STANDARD:
        sandbox = current_app.extensions["config"].stripe_api_base
        return redirect(f"{sandbox}/dashboard" if sandbox else DASHBOARD, 303)
    if not access.is_fresh():  # the bank account can be changed there
        return access.verify_first("/payouts/dashboard")
    try:
        return redirect(gateway().connect.create_login_link(account.stripe_account_id or ""), 303)
    except StripeRefused:
        flash("Stripe opens the dashboard once your account is set up. Finish setting it up first.", "warning")
    except StripeUnavailable:
        flash(AWAY, "warning")
    return redirect(PAGE, 303)


def _page(problem: str | None = None) -> str:
    with transaction() as session:
        shown = account_queries.show(session, person().user_id)
    has_oauth = bool(current_app.extensions["config"].stripe_connect_client_id)
    return render_template(
        "payouts/show.html", shown=shown, account=shown.account, wording=account_wording, problem=problem,
        has_oauth=has_oauth,
    )  # fmt: skip


def _standing() -> PayoutAccount | None:
    with transaction() as session:
        return accounts.standing(session, person().user_id)


def _to_onboarding(account: PayoutAccount) -> ResponseReturnValue:
    """Lead to Stripe's pages for an account, or back to ours, which says why not."""
    try:
        return redirect(onboarding.link(account), 303)
    except StripeRefused:
        flash("Stripe does not know this account any more. Disconnect it, then connect an account again.", "danger")
    except StripeUnavailable:
        flash(
            "Stripe does not answer at the moment. Your account is there; press “Continue at Stripe” in a minute.",
            "warning",
        )
    return redirect(PAGE, 303)


def _password_first() -> ResponseReturnValue:
    """Ask for the password, and lead back to the page, whose button has to be pressed again."""
    flash("Where your money goes is changed with your password alone. Give it, then press the button again.", "info")
    return access.verify_first(PAGE)
