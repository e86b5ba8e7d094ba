"""Buying with wallet money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import redirect, url_for

from randonumber import limits
from randonumber.access import person, signed_in
from randonumber.credits import forms, service
from randonumber.credits.pricing import NotForSale
from randonumber.credits.views.blueprint import blueprint
from randonumber.credits.views.shop import UNPROCESSABLE, show_shop

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@blueprint.post("/credits/wallet")
@signed_in
def buy_from_wallet() -> ResponseReturnValue:
    """Buy credits with wallet money; what the wallet does not allow stands on the form."""
    form = forms.WalletForm()
    if not form.validate():
        return show_shop(wallet_form=form), UNPROCESSABLE
    try:
        ref = service.buy_from_wallet(person(), form.order, network=limits.client_network())
    except (service.WalletTooSmall, service.MoneyOwed, NotForSale) as refusal:
        form.form_errors = [refusal.detail]
        return show_shop(wallet_form=form), UNPROCESSABLE
    return redirect(url_for("credits.show", ref=ref), 303)
