"""What an object belongs to and what belongs to it, both ways."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from randonumber.sandbox.pages.dashboard import reading
from randonumber.sandbox.pages.dashboard.cells import Cell, money
from randonumber.sandbox.pages.dashboard.kinds import kind_of
from randonumber.sandbox.scope import Scope
from randonumber.sandbox.store import Record

ID = re.compile(r"[a-z]+_[A-Za-z0-9_]{6,250}")
MOST = 40
# Which objects name one of this kind, and in which field.
REFERRERS: dict[str, tuple[tuple[str, str], ...]] = {
    "account": (("transfer", "destination"),),
    "bank_account": (("payout", "destination"),),
    "charge": (
        ("refund", "charge"),
        ("dispute", "charge"),
        ("transfer", "source_transaction"),
        ("balance_transaction", "source"),
    ),
    "customer": (
        ("checkout.session", "customer"),
        ("payment_intent", "customer"),
        ("setup_intent", "customer"),
        ("charge", "customer"),
        ("payment_method", "customer"),
    ),
    "dispute": (("balance_transaction", "source"),),
    "payment_intent": (
        ("checkout.session", "payment_intent"),
        ("charge", "payment_intent"),
        ("refund", "payment_intent"),
        ("dispute", "payment_intent"),
    ),
    "payment_method": (("payment_intent", "payment_method"), ("setup_intent", "payment_method")),
    "payout": (("balance_transaction", "source"),),
    "product": (("price", "product"),),
    "refund": (("balance_transaction", "source"),),
    "setup_intent": (("checkout.session", "setup_intent"), ("setup_attempt", "setup_intent")),
    "transfer": (("transfer_reversal", "transfer"), ("balance_transaction", "source")),
    "transfer_reversal": (("balance_transaction", "source"),),
}


@dataclass(frozen=True, kw_only=True)
class Related:
    """An object beside another one, in a line: what it is, how much, in which state, and whose if that differs."""

    id: str
    kind: str
    amount: Cell
    state: Cell
    account: str | None


def related(scope: Scope, found: Record) -> list[Related]:
    """Return the objects that this one names, then those that name it, each once."""
    seen = {found.body["id"]}
    lines: list[Related] = []
    for other in [*named(scope, found), *naming(scope, found)]:
        if other.body["id"] not in seen and len(lines) < MOST:
            seen.add(other.body["id"])
            lines.append(line(found, other))
    return lines


def line(found: Record, other: Record) -> Related:
    """Return an object as a line beside another one."""
    kind = kind_of(other.kind)
    states = [show(other.body) for _, show in kind.columns]
    return Related(
        id=other.body["id"],
        kind=kind.one,
        amount=money(other.body.get("amount_total", other.body.get("amount")), other.body.get("currency")),
        state=next((cell for cell in states if cell.style == "state" and cell.text), Cell()),
        account=other.account if other.account != found.account else None,
    )


def named(scope: Scope, found: Record) -> Iterator[Record]:
    """Yield the objects whose ids stand in this one; of an event only what it is about."""
    body = found.body
    if found.kind == "event":
        body = {"about": body["data"]["object"].get("id"), "account": body.get("account")}
    for object_id in ids_in(body):
        other = scope.store.find_anywhere(object_id)
        if other:
            yield other


def ids_in(value: Any, name: str = "") -> Iterator[str]:
    """Yield every text that looks like an id; what the app wrote into metadata is no link."""
    if name == "metadata":
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ids_in(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from ids_in(inner, name)
    elif isinstance(value, str) and ID.fullmatch(value):
        yield value


def naming(scope: Scope, found: Record) -> Iterator[Record]:
    """Yield the objects of the same account that name this one."""
    for kind, field in REFERRERS.get(found.kind, ()):
        yield from reading.referring(scope, found.account, kind, field, found.body["id"])
