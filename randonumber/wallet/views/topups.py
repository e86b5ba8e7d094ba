"""Topping a wallet up, and where a top-up is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import current_app, redirect, render_template, url_for

from randonumber import clock, limits, sections, waiting
from randonumber.access import person, signed_in
from randonumber.database import transaction
from randonumber.forms import new_form_ref
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable
from randonumber.wallet import forms, service, topup_queries, wording
from randonumber.wallet.blueprint import blueprint
from randonumber.wallet.models import TopupStatus

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from randonumber.wallet.models import Topup

UNPROCESSABLE: Final = 422

blueprint.add_app_template_filter(wording.state_of, "topup_state")
blueprint.add_app_template_filter(wording.why_not_paid, "topup_trouble")
blueprint.add_app_template_filter(wording.paid_with, "topup_paid_with")


@blueprint.post("/wallet/topups")
@signed_in
def start_topup() -> ResponseReturnValue:
    """Begin a top-up: on Stripe's page, or at once with a saved card; what is refused stands on the form."""
    owner, form = person(), forms.TopupForm()
    with transaction() as session:
        cards = topup_queries.saved_cards(session, owner.user_id)
    form.offer(cards)
    is_good = form.validate()
    can_pay, card_id = form.choose(cards)
    if not is_good or not can_pay:
        return sections.wallet_page(owner.user_id, topup_form=form), UNPROCESSABLE
    started = service.start_topup(owner, form.order(card_id), network=limits.client_network())
    if started.status == TopupStatus.FAILED:
        return _declined(form, started.ref), UNPROCESSABLE
    return redirect(started.url or url_for("wallet.show_topup", ref=started.ref), 303)


@blueprint.get("/wallet/topups/<ref>")
@signed_in
def show_topup(ref: str) -> ResponseReturnValue:
    """Show where a top-up is; Stripe's page leads back to here, and until it is final it is asked again."""
    _own(ref)
    answers = _refresh(ref)
    topup = _own(ref)
    with transaction() as session:
        reversals = topup_queries.reversals_of(session, topup)
    is_pending = topup.status == TopupStatus.PENDING
    return render_template(
        "wallet/topups_show.html",
        topup=topup,
        reversals=reversals,
        stripe_answers=answers,
        free_on=free_on(topup),
        pause_seconds=_pause_seconds(topup) if is_pending else None,
        is_under_way=wording.is_under_way(topup),
    )


def free_on(topup: Topup) -> str | None:
    """Return from when a paid top-up can be used, in words; None while Stripe has not said it, and once it can."""
    if topup.status != TopupStatus.PAID or topup.funds_on is None:
        return None
    moment = topup.funds_on + timedelta(days=current_app.extensions["config"].wallet_hold_days)
    return f"{moment.day} {moment:%B %Y}"


def _declined(form: forms.TopupForm, ref: str) -> str:
    topup = _own(ref)
    form.card.errors = [f"{wording.why_not_paid(topup)} Nothing was charged."]
    form.form_ref.data = new_form_ref()
    return sections.wallet_page(person().user_id, topup_form=form)


def _pause_seconds(topup: Topup) -> int:
    """Return after how long the page asks again: the older, the longer. Who is to act is not hurried."""
    if wording.asks_owner(topup) or wording.is_under_way(topup):
        return waiting.LONGEST_PAUSE_SECONDS
    return waiting.pause_seconds(topup.created_at)


def _refresh(ref: str) -> bool:
    """Bring the top-up level with Stripe; False when Stripe settles nothing, and the page shows what is known."""
    since = clock.now() - waiting.ASK_AGAIN_AFTER
    try:
        service.refresh_topup(ref, actor=f"user:{person().ref}", unless_checked_since=since)
    except (StripeUnavailable, StripeRefused):
        return False
    return True


def _own(ref: str) -> Topup:
    with transaction() as session:
        return topup_queries.get_topup(session, person().user_id, ref)
