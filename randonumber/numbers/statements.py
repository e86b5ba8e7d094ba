"""The one statement of a draw: who pays, the lots in their order, transaction, entries and the draw itself.

A statement is atomic: on a connection that commits by itself it costs one round trip, and inside a longer
transaction it is one step of it.
"""

from __future__ import annotations

from typing import Final

from randonumber.database import driver_sql
from randonumber.ledger.spending import SPEND

_KEY_CALLS = """
    WITH caller AS (
        SELECT api_keys.user_id, api_keys.id AS api_key_id, 'draw' = ANY (api_keys.scopes) AS may_draw,
               coalesce(api_keys.last_used_at < cast(:now AS timestamptz) - interval '1 minute', true) AS is_stale
          FROM api_keys JOIN users ON users.id = api_keys.user_id
         WHERE api_keys.key_hash = :key_hash AND api_keys.revoked_at IS NULL AND users.active
    ),
"""
_USER_CALLS = """
    WITH caller AS (
        SELECT id AS user_id, cast(NULL AS bigint) AS api_key_id, true AS may_draw, false AS is_stale
          FROM users WHERE id = :user_id AND active
    ),
"""
_PAYER = """
    payer AS (
        SELECT user_id, api_key_id FROM caller WHERE may_draw
    ),
"""
_DRAW = """
    , drawn AS (
        INSERT INTO draws (ref, user_id, api_key_id, form_ref, type, request, n, credits, values, transaction_id,
                           created_at)
        SELECT :ref, payer.user_id, payer.api_key_id, :form_ref, :type, cast(:request AS jsonb), :n, :amount,
               cast(:values AS jsonb), posted.id, :now
          FROM posted CROSS JOIN payer
    )
    SELECT caller.api_key_id, caller.may_draw, caller.is_stale, EXISTS (SELECT FROM posted) AS is_paid,
           cast(credits.before AS bigint) AS credits_before,
           NOT EXISTS (SELECT FROM posted) AND EXISTS (SELECT FROM debts) AS is_barred
      FROM caller CROSS JOIN credits
"""

DRAW_BY_KEY: Final = driver_sql(_KEY_CALLS + _PAYER + SPEND + _DRAW)
DRAW_BY_USER: Final = driver_sql(_USER_CALLS + _PAYER + SPEND + _DRAW)

# Whoever holds the row keeps it: no draw waits for the note of when its key was last used.
TOUCH_KEY: Final = driver_sql("""
    UPDATE api_keys SET last_used_at = :now
     WHERE id = (SELECT id FROM api_keys
                  WHERE id = :api_key_id
                    AND (last_used_at IS NULL OR last_used_at < cast(:now AS timestamptz) - interval '1 minute')
                    FOR NO KEY UPDATE SKIP LOCKED)
""")

# Waits for an equal form that is being worked on. The next statement's snapshot then sees what that one committed.
HOLD_FORM: Final = driver_sql("SELECT pg_advisory_xact_lock(hashtextextended(:name, 11))")
