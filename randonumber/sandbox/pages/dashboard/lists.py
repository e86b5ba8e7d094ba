"""Lists of objects, a page at a time, of one account or of all."""

from flask import abort, render_template, request

from randonumber.sandbox.pages.dashboard import reading
from randonumber.sandbox.pages.dashboard.blueprint import before, chosen_account, pages
from randonumber.sandbox.pages.dashboard.cells import Cell, link, moment, money
from randonumber.sandbox.pages.dashboard.kinds import kind_of
from randonumber.sandbox.pages.layout import sandbox
from randonumber.sandbox.scope import Scope, unit
from randonumber.sandbox.store import Record

KINDS = frozenset({
    "account", "balance_transaction", "bank_account", "charge", "checkout.session", "customer", "dispute", "event",
    "mandate", "payment_intent", "payment_method", "payout", "price", "product", "refund", "setup_attempt",
    "setup_intent", "transfer", "transfer_reversal", "webhook_endpoint",
})  # fmt: skip


@pages.get("/dashboard/objects/<kind>")
def objects(kind: str) -> str:
    """Show a list of objects of one kind."""
    if kind not in KINDS:
        abort(404, "There is no such list in the sandbox.")
    with unit(sandbox()) as scope:
        found = reading.newest(scope, kind, chosen_account(), before())
        shown = found[: reading.PAGE]
        extra = balances(scope, shown) if kind == "balance_transaction" else {}
        accounts = reading.accounts(scope.store)
    whose = not chosen_account() and len(accounts) > 1
    return render_template(
        "objects.html",
        kind=kind,
        words=kind_of(kind),
        headings=headings(kind, whose=whose),
        rows=[(one.body["id"], cells(one, extra, whose=whose)) for one in shown],
        more=shown[-1].seq if len(found) > reading.PAGE else None,
        first="before" not in request.args,
        accounts=accounts,
        endpoints=sandbox().endpoints if kind == "webhook_endpoint" else (),
    )


def headings(kind: str, *, whose: bool) -> list[str]:
    """Return the headings of a list, after that of the ids."""
    names = [name for name, _ in kind_of(kind).columns]
    if kind == "balance_transaction":
        names.append("Balance after")
    return [*names, *(["Account"] if whose else []), "Created"]


def cells(one: Record, extra: dict[int, Cell], *, whose: bool) -> list[Cell]:
    """Return the cells of a row, after its id."""
    shown = [show(one.body) for _, show in kind_of(one.kind).columns]
    if one.seq in extra:
        shown.append(extra[one.seq])
    return [*shown, *([link(one.account)] if whose else []), moment(one.body.get("created"))]


def balances(scope: Scope, shown: list[Record]) -> dict[int, Cell]:
    """Return the balance after each balance transaction, pending money included."""
    currency = {one.seq: one.body["currency"] for one in shown}
    return {seq: money(left, currency[seq]) for seq, left in reading.running_balances(scope, shown).items()}
