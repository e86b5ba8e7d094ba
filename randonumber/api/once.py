"""How a POST is answered: its effect in one statement, or under an Idempotency-Key in one transaction with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from randonumber import bodies
from randonumber.api import callers, idempotency
from randonumber.database import driver_connection, single_statements, transaction
from randonumber.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response
    from psycopg import Connection
    from sqlalchemy.orm import Session

    from randonumber.api.callers import Caller

T = TypeVar("T")


def answer(
    caller: Caller, scope: str, read: Callable[[], T], effect: Callable[[Connection[Any], T], Response]
) -> Response:
    """Return what `effect` answers to what `read` understood, or what it answered when this request came before.

    `effect` writes all it does in one statement that also finds the caller's right: without an Idempotency-Key
    that statement is the whole transaction. Whatever it raises leaves nothing behind.
    """
    key = idempotency.header()
    if key is None:
        return _at_once(caller, scope, read, effect)
    body = bodies.raw()
    with transaction() as session:
        connection = driver_connection(session)
        user_id = callers.require(session, caller, scope)
        occasion = idempotency.Occasion.of_request(user_id, key, body)
        if stored := idempotency.claim(connection, occasion):
            return stored
        response = effect(connection, read())
        idempotency.keep(connection, occasion, response)
        return response


def _at_once(
    caller: Caller, scope: str, read: Callable[[], T], effect: Callable[[Connection[Any], T], Response]
) -> Response:
    try:
        understood = read()
    except InvalidRequest:  # whoever has no right learns that, and nothing about the body
        with transaction() as session:
            callers.require(session, caller, scope)
        raise
    with single_statements() as connection:
        return effect(connection, understood)


def answer_in_transaction(
    caller: Caller, scope: str, read: Callable[[], T], effect: Callable[[Session, int, T], Response]
) -> Response:
    """Do as `answer` with an effect of several statements: it gets the transaction, and the user whose right it is."""
    key = idempotency.header()
    with transaction() as session:
        user_id = callers.require(session, caller, scope)
        if key is None:
            return effect(session, user_id, read())
        connection = driver_connection(session)
        occasion = idempotency.Occasion.of_request(user_id, key, bodies.raw())
        if stored := idempotency.claim(connection, occasion):
            return stored
        response = effect(session, user_id, read())
        session.flush()
        idempotency.keep(connection, occasion, response)
        return response
