"""The wallet's page: what is there, what moved, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber import sections
from randonumber.access import person, signed_in
from randonumber.wallet.blueprint import blueprint

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


@blueprint.get("/wallet")
@signed_in
def show() -> ResponseReturnValue:
    """Show the wallet of whoever is signed in."""
    return sections.wallet_page(person().user_id)
