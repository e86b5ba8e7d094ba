"""Drawing: values from the system's generator, paid for in the statement that keeps them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import current_app

from randonumber import clock, ids
from randonumber.database import driver_connection, transaction
from randonumber.errors import AccountBarred, AppError, Forbidden, InsufficientCredits, InvalidRequest, Unauthorized
from randonumber.numbers import queries
from randonumber.numbers.statements import DRAW_BY_KEY, DRAW_BY_USER, HOLD_FORM, TOUCH_KEY

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import Connection

    from randonumber.config import Config
    from randonumber.numbers.wishes import Wish


class FormUsed(InvalidRequest):
    """The form made a draw already, and comes again with something else in it."""

    def __init__(self) -> None:
        message = "This form has made its draw. Here is a new one with what you typed: press the button again."
        super().__init__(message, errors=[{"field": "form_ref", "message": message}])


@dataclass(frozen=True, kw_only=True)
class KeyPays:
    """Whoever holds an API key pays with its owner's credits: found by the SHA-256 of the whole key."""

    key_hash: bytes
    actor: str

    @property
    def statement(self) -> str:
        """The draw as one statement, beginning with this payer."""
        return DRAW_BY_KEY

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statement needs to find this payer."""
        return {"key_hash": self.key_hash, "actor": self.actor, "form_ref": None}


@dataclass(frozen=True, kw_only=True)
class UserPays:
    """A person who is signed in pays; `form_ref` names the form that asked, so that it draws once."""

    user_id: int
    actor: str
    form_ref: str | None = None

    @property
    def statement(self) -> str:
        """The draw as one statement, beginning with this payer."""
        return DRAW_BY_USER

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statement needs to find this payer."""
        return {"user_id": self.user_id, "actor": self.actor, "form_ref": self.form_ref}


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A draw that is paid for."""

    ref: str
    wish: Wish
    values: list[int]
    credits_left: int
    created_at: datetime


class Answer(NamedTuple):
    """What the statement of a draw answers: one row, or none when nobody is found who may pay."""

    api_key_id: int | None
    may_draw: bool
    is_stale: bool
    is_paid: bool
    credits_before: int
    is_barred: bool


def draw(connection: Connection[Any], payer: KeyPays | UserPays, wish: Wish) -> Drawn:
    """Draw, take the credits and keep both, in one statement.

    Never commits: the connection either stands in a transaction or commits each statement by itself. Raises
    Unauthorized (no such key or user), Forbidden (the key lacks the scope `draw`), InsufficientCredits or
    AccountBarred; the values of a refused draw are thrown away unseen.
    """
    now = clock.now()
    ref = ids.new_ref("drw")
    values = wish.draw()
    parameters = {
        **payer.parameters,
        "now": now,
        "ref": ref,
        "type": wish.type,
        "request": json.dumps(wish.request),
        "n": wish.n,
        "amount": wish.credits,
        "values": json.dumps(values),
        "lot_limit": wish.credits,
    }
    answer = _run(connection, payer, parameters)
    if answer and answer.may_draw and not answer.is_paid:
        answer = _run(connection, payer, parameters | {"lot_limit": None})
    if answer is None or not answer.is_paid:
        raise _refusal(answer, wish)
    if answer.is_stale:
        connection.execute(TOUCH_KEY, {"api_key_id": answer.api_key_id, "now": now})
    credits_left = answer.credits_before - wish.credits
    return Drawn(ref=ref, wish=wish, values=values, credits_left=credits_left, created_at=now)


def _run(connection: Connection[Any], payer: KeyPays | UserPays, parameters: dict[str, Any]) -> Answer | None:
    row = connection.execute(payer.statement, parameters).fetchone()
    return Answer(*row) if row else None


def draw_once(payer: UserPays, wish: Wish) -> str:
    """Draw for a form, and return the ref of the draw: of the first one when the same form comes again.

    Raises FormUsed when it comes again with another wish, and whatever `draw` raises.
    """
    if payer.form_ref is None:
        message = "a form has a ref"
        raise ValueError(message)
    with transaction() as session:
        driver_connection(session).execute(HOLD_FORM, {"name": f"{payer.user_id} {payer.form_ref}"})
        drawn = queries.find_draw_of_form(session, payer.user_id, payer.form_ref)
        if drawn is None:
            return draw(driver_connection(session), payer, wish).ref
        if (drawn.type, drawn.request) != (wish.type, wish.request):
            raise FormUsed
        return drawn.ref


def _refusal(answer: Answer | None, wish: Wish) -> AppError:
    if answer is None:
        return Unauthorized("This key or account opens nothing here.", headers={"WWW-Authenticate": "Bearer"})
    if not answer.may_draw:
        return Forbidden("This API key lacks the scope draw.")
    if answer.is_barred:
        return AccountBarred("A debt stands on this account; draws are possible again once it is paid.")
    left = answer.credits_before
    return InsufficientCredits(
        f"This draw costs {wish.credits} {'credit' if wish.credits == 1 else 'credits'}; you have {left}.",
        extra={"credits_needed": wish.credits, "credits_left": left, "buy_url": buy_url()},
    )


def buy_url() -> str:
    """Return the address where credits are bought."""
    config: Config = current_app.extensions["config"]
    return f"{config.base_url}/credits"
