"""Saved cards: what they are, one more, the default, and one fewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, flash, jsonify, redirect, render_template, request, url_for

from randonumber import bodies, clock, limits
from randonumber.access import person, signed_in
from randonumber.credits import card_queries
from randonumber.credits.card_wording import expiry_of, name_of
from randonumber.credits.models import CardSetupStatus
from randonumber.credits.orders import read_form_ref
from randonumber.credits.service import card_setups, cards
from randonumber.credits.views.blueprint import blueprint
from randonumber.credits.views.stripe_js import page_with_stripe_js
from randonumber.database import transaction
from randonumber.errors import Refused, TryLater
from randonumber.forms import new_form_ref
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@blueprint.get("/account/cards")
@signed_in
def saved_cards() -> ResponseReturnValue:
    """Show the saved cards; whoever comes back from saving one waits for Stripe's word about it."""
    if returned := request.args.get("setup_intent"):
        _tell(_finish(returned))
        return redirect(url_for("credits.saved_cards"), 303)  # without the client secret in the address
    with transaction() as session:
        own = card_queries.cards(session, person().user_id)
    shown = [(card, name_of(card), expiry_of(card, clock.now())) for card in own]
    config = current_app.extensions["config"]
    page = render_template(
        "credits/cards.html",
        cards=shown,
        form_ref=new_form_ref(),
        stripe_js_url=config.stripe_js_url,
        stripe_publishable_key=config.stripe_publishable_key,
        return_url=f"{config.base_url}{url_for('credits.saved_cards')}",
    )
    return page_with_stripe_js(page)


@blueprint.post("/account/cards/setup-intents")
@signed_in
def setup_intents() -> ResponseReturnValue:
    """Start the saving of a card, and answer what the page's script saves it with."""
    form_ref = read_form_ref(bodies.json_object())
    setup = card_setups.start(person(), form_ref, network=limits.client_network())
    if setup.status != CardSetupStatus.PENDING:
        message = "This form is used up. Reload the page to save another card."
        raise Refused(message, extra={"reasons": [{"code": "form_used", "message": message}]})
    secret = _client_secret(setup)
    return jsonify({"setup_intent": setup.setup_intent_id, "client_secret": secret})


@blueprint.post("/account/cards/<ref>/default")
@signed_in
def make_card_default(ref: str) -> ResponseReturnValue:
    """Let a card be the one that pays when none is named."""
    with transaction() as session:
        card = cards.make_default(session, person().user_id, ref)
    flash(f"{name_of(card)} pays from now on, unless you choose another card.", "success")
    return redirect(url_for("credits.saved_cards"), 303)


@blueprint.post("/account/cards/<ref>/delete")
@signed_in
def delete_card(ref: str) -> ResponseReturnValue:
    """Remove a card: here at once, at Stripe as soon as it answers."""
    with transaction() as session:
        card = cards.remove(session, person().user_id, ref)
    flash(f"{name_of(card)} is removed.", "success")
    return redirect(url_for("credits.saved_cards"), 303)


def _finish(setup_intent_id: str) -> str | None:
    """Return the status of the owner's setup as Stripe tells it now; None when it tells nothing."""
    try:
        intent = card_setups.finish(person().user_id, setup_intent_id)
    except (StripeUnavailable, StripeRefused):
        return None
    return intent.status if intent is not None else "unknown"


def _tell(status: str | None) -> None:
    if status == "succeeded":
        flash("Your card is saved.", "success")
    elif status is None:
        flash("Stripe does not answer at the moment. Your card appears here by itself once it does.", "warning")
    elif status != "unknown":
        flash("Your bank did not agree, so the card was not saved. Try again, or use another card.", "danger")


def _client_secret(setup: card_setups.Setup) -> str:
    """Read the secret; raises TryLater while Stripe does not answer: the same form goes on then."""
    try:
        if setup.setup_intent_id is not None:
            return card_setups.client_secret(setup.setup_intent_id)
    except (StripeUnavailable, StripeRefused):
        pass
    message = "Stripe does not answer at the moment. Nothing was saved; please try again."
    raise TryLater(message, headers={"Retry-After": "5"})
