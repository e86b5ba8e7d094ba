"""Somebody who has bought, with purchases, a saved card and money in the wallet; and somebody who was paid out."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.earner import Earner
    from tests.browser.shopper import Shopper
    from tests.whole.checkout import Checkout

AT_ONCE = "4000000000000077"
"""A card whose money can be used at once."""

# Posted through the ledger's door, since a top-up takes a way of its own. The blank line ends the block for the shell.
FILL = """
from sqlalchemy import text
from randonumber import ledger
from randonumber.database import transaction
from randonumber.ledger import Move, accounts
with transaction() as session:
    user = session.execute(text("SELECT id FROM users WHERE email = '{email}'")).scalar_one()
    move = Move(source=accounts.OPENING, destination=accounts.wallet(user), amount={amount_minor})
    done = ledger.post(session, kind="test", ref="{email}", entries=[move], actor="test", user_id=user)

print("filled")
"""


def settle_in(person: Shopper, shop: Checkout) -> str:
    """Register, draw, buy a pack, save a card and fill the wallet; return the ref of the purchase."""
    email = person.register()
    person.draw(n=2, maximum=1_000_000)
    person.choose_pack(10)
    person.pay()
    person.wait_until_paid()
    paid = person.purchase
    person.save_card()
    fill_wallet(shop, email, 5000)
    return paid


def earn(person: Earner, shop: Checkout) -> tuple[str, str]:
    """Sign in as an operator, connect, top up, be paid out; return the refs of the top-up and of the withdrawal."""
    email = f"operator-{secrets.token_hex(4)}@example.com"
    made = shop.manage("users", "create", email, "--admin").stdout
    person.sign_in(email, made.rpartition("password: ")[2].strip())
    person.connect("express")
    person.top_up("60.00", AT_ONCE)
    person.wait_until_topped_up("available")
    topup = person.page.url.rpartition("/")[2]
    person.withdraw("20.00")
    person.page.locator(".status").filter(has_text="paid").first.wait_for()
    return topup, person.page.url.rpartition("/")[2]


def fill_wallet(shop: Checkout, email: str, amount_minor: int) -> None:
    """Put money into somebody's wallet."""
    done = shop.manage("shell", stdin=FILL.format(email=email, amount_minor=amount_minor))
    assert "filled" in done.stdout, done.stderr
