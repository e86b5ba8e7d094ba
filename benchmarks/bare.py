"""The bare handler that the app is measured against: Flask, psycopg, one statement written by hand.

It checks the same key and writes the same rows into the same tables through the same triggers, and does nothing
else: no limits, no checks of the input, no error pages, no history. What the app is slower than this is the price
of everything that a product needs around the statement.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import threading
from typing import Any, Final

import psycopg
from flask import Flask, Response, request

DRAW: Final = """
WITH caller AS (
    SELECT api_keys.id, api_keys.user_id FROM api_keys JOIN users ON users.id = api_keys.user_id
     WHERE key_hash = %(key_hash)s AND revoked_at IS NULL AND 'draw' = ANY (scopes) AND active
), lot AS (
    SELECT id, balance FROM accounts
     WHERE user_id = (SELECT user_id FROM caller) AND is_open AND (expires_at IS NULL OR expires_at > now())
       AND NOT EXISTS (SELECT FROM accounts WHERE user_id = (SELECT user_id FROM caller) AND kind = 'debt'
                                              AND balance < 0)
     ORDER BY lot_priority, expires_at, id LIMIT 1 FOR NO KEY UPDATE
), posted AS (
    INSERT INTO transactions (kind, ref, size, user_id, actor)
    SELECT 'spend', %(ref)s, 1, user_id, 'bare' FROM caller CROSS JOIN lot RETURNING id
), written AS (
    INSERT INTO entries (transaction_id, position, source_id, destination_id, currency, amount)
    SELECT posted.id, 1, lot.id, consumed.id, 'credit', 1 FROM posted CROSS JOIN lot CROSS JOIN accounts AS consumed
     WHERE consumed.code = 'credits:consumed'
), drawn AS (
    INSERT INTO draws (ref, user_id, api_key_id, type, request, n, credits, values, transaction_id)
    SELECT %(ref)s, caller.user_id, caller.id, 'integer', %(request)s::jsonb, 1, 1, %(values)s::jsonb, posted.id
      FROM posted CROSS JOIN caller
)
SELECT lot.balance - 1 FROM lot CROSS JOIN posted
"""
own = threading.local()


def connection() -> psycopg.Connection[Any]:
    """Return this thread's connection, on which each statement commits by itself."""
    if not hasattr(own, "connection"):
        own.connection = psycopg.connect(os.environ["BARE_CONNINFO"], autocommit=True)
    found: psycopg.Connection[Any] = own.connection
    return found


def make_app() -> Flask:
    """Make the app: one route."""
    app = Flask(__name__)
    app.add_url_rule("/api/v1/numbers", view_func=draw, methods=["POST"])
    return app


def draw() -> Response:
    """Draw one integer."""
    asked = request.get_json()
    value = asked["min"] + secrets.randbelow(asked["max"] - asked["min"] + 1)
    ref = "drw_" + secrets.token_hex(13)
    parameters = {
        "key_hash": hashlib.sha256(request.headers["Authorization"][7:].encode()).digest(),
        "ref": ref,
        "request": json.dumps(asked),
        "values": f"[{value}]",
    }
    row = connection().execute(DRAW, parameters).fetchone()
    if row is None:
        return Response("{}", status=402, content_type="application/json")
    answer = {"draw": ref, "values": [value], "credits_spent": 1, "credits_left": row[0]}
    return Response(json.dumps(answer), status=201, content_type="application/json")


if __name__ == "__main__":
    from randonumber.operations.serve import run_server

    run_server("benchmarks.bare:make_app", "127.0.0.1", int(sys.argv[1]), int(sys.argv[2]))
