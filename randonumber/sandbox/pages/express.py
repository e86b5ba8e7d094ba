"""The Express dashboard: what the owner of an Express account sees of their money, one visit a login link."""

import json

from flask import Blueprint, abort, render_template, request

from randonumber.sandbox.pages.layout import sandbox
from randonumber.sandbox.resources.connect import account_links
from randonumber.sandbox.resources.funds import balance
from randonumber.sandbox.scope import Json, Scope, unit
from randonumber.sandbox.store import Record

pages = Blueprint("express", __name__)
SHOWN = 20


@pages.get("/express/<account_id>")
def show(account_id: str) -> tuple[str, int]:
    """Show balance, payouts, transfers and what is still due; the link is used up by the visit."""
    with unit(sandbox(), base_url=request.host_url) as scope:
        found = scope.store.find_anywhere(account_id)
        if not found or found.kind != "account":
            abort(404, "There is no such account in the sandbox.")
        link = account_links.find(scope, "login_link", account_id, request.args.get("login", ""))
        if link is None or not account_links.is_live(scope, link):
            return render_template("express_closed.html"), 403
        account_links.use_up(scope, link)
        return page(scope, found), 200


def page(scope: Scope, found: Record) -> str:
    """Render the dashboard of an account."""
    own = scope.at(scope.now, found.body["id"])
    return render_template(
        "express.html",
        account=found.body,
        available=sums(own, "available"),
        pending=sums(own, "pending"),
        payouts=newest(own, "payout"),
        received=[one for one in newest(own, "charge") if one.get("source_transfer")],
        way_on=way_on(scope.at(scope.now, found.account), found.body),
    )


def sums(own: Scope, part: str) -> list[tuple[int, str]]:
    """Return (minor units, currency) of a part of the balance."""
    return [(one["amount"], one["currency"]) for one in balance.show(own)[part]]


def newest(own: Scope, kind: str) -> list[Json]:
    """Return the newest objects of a kind that the account owns."""
    rows = own.store.rows(
        "SELECT body FROM objects WHERE account = ? AND kind = ? AND deleted = 0 ORDER BY seq DESC LIMIT ?",
        own.account, kind, SHOWN,
    )  # fmt: skip
    return [json.loads(row["body"]) for row in rows]


def way_on(scope: Scope, account: Json) -> str | None:
    """Return the address of a new onboarding link that leads back where the last one did, if anything is due."""
    last = account_links.latest(scope, account["id"])
    if last is None or not account["requirements"]["currently_due"]:
        return None
    link = account_links.make(scope, account["id"], last.hidden["refresh_url"], last.hidden["return_url"])
    return str(link["url"])
