"""What credits cost, and every way to buy them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import current_app, jsonify, redirect, render_template, request, url_for

from randonumber import clock, web
from randonumber.access import person, signed_in
from randonumber.credits import card_forms, card_queries, card_wording, forms
from randonumber.credits.pricing import MOST_CREDITS, PACKS, as_json, quote
from randonumber.credits.queries import find_purchase
from randonumber.credits.service import intents
from randonumber.credits.views.blueprint import blueprint
from randonumber.credits.views.stripe_js import page_with_stripe_js
from randonumber.database import transaction
from randonumber.ledger import queries

if TYPE_CHECKING:
    from flask import Response
    from flask.typing import ResponseReturnValue

    from randonumber.credits.models import Purchase
    from randonumber.credits.pricing import Quote

UNPROCESSABLE: Final = 422


@blueprint.get("/credits")
@signed_in
def shop() -> ResponseReturnValue:
    """Show what credits cost; `?quantity=` quotes any quantity without a script, `?again=` goes on with a purchase."""
    if (again := _unpaid(request.args.get("again", ""))) is not None:
        return show_shop(forms.empty_form(str(again.credits), again.form_ref), again=again)
    asked = request.args.get("quantity", str(forms.START))
    form = forms.empty_form(asked)
    if forms.read_quantity(asked) is None:
        form.quantity.errors = [f"Write a whole number from 1 to {MOST_CREDITS:,}."]
        return show_shop(form), UNPROCESSABLE
    return show_shop(form)


@blueprint.get("/buy-credits")
def old_address() -> ResponseReturnValue:
    """Lead from the page's former address."""
    return redirect(url_for("credits.shop"), 303)


@blueprint.get("/credits/quote")
def show_quote() -> ResponseReturnValue:
    """Return the price of a quantity as JSON. Prices are no secret: nobody need be signed in."""
    quantity = forms.read_quantity(request.args.get("quantity", ""))
    if quantity is None:
        message = f"Write a whole number from 1 to {MOST_CREDITS:,}."
        return web.problem(400, "invalid_request", message, errors=[{"field": "quantity", "message": message}])
    return jsonify(as_json(quote(current_app.extensions["config"].credit_tiers, quantity)))


def show_shop(
    form: forms.CheckoutForm | None = None,
    *,
    wallet_form: forms.WalletForm | None = None,
    one_click_form: card_forms.OneClickForm | None = None,
    again: Purchase | None = None,
) -> Response:
    """Return the page, with whatever form was filled in as it was."""
    form, one_click_form = form or forms.empty_form(), one_click_form or card_forms.empty_one_click_form()
    tiers = current_app.extensions["config"].credit_tiers
    with transaction() as session:
        wallet = queries.wallet_balances(session, person().user_id)
        one_click_form.offer(card_queries.cards(session, person().user_id), clock.now())
    wallet_form = wallet_form or forms.empty_wallet_form(str(_start_within(wallet.available)))
    html = render_template(
        "credits/shop.html",
        form=form,
        again=again,
        again_why=(card_wording.trouble_of(again) if again else None) or "This purchase is not paid yet.",
        packs=[quote(tiers, pack) for pack in PACKS],
        tiers=tiers,
        quoted=_quoted(form.quantity.data),
        wallet=wallet,
        wallet_form=wallet_form,
        one_click_form=one_click_form,
        one_click_quoted=_quoted(one_click_form.quantity.data),
        wallet_quoted=_quoted(wallet_form.quantity.data),
        most_credits=MOST_CREDITS,
    )
    return page_with_stripe_js(html)


def _start_within(available_minor: int) -> int:
    """Return what the wallet's form begins with: no more than its money buys, and one when it buys none."""
    tiers = current_app.extensions["config"].credit_tiers
    return next((n for n in range(forms.START, 1, -1) if quote(tiers, n).amount_minor <= available_minor), 1)


def _unpaid(ref: str) -> Purchase | None:
    """Return the own purchase of this ref while its payment on our page can be tried again."""
    with transaction() as session:
        purchase = find_purchase(session, person().user_id, ref)
    return purchase if purchase and intents.is_payable_on_page(purchase) else None


def _quoted(typed: str | None) -> Quote | None:
    quantity = forms.read_quantity(typed or "")
    return quote(current_app.extensions["config"].credit_tiers, quantity) if quantity else None
