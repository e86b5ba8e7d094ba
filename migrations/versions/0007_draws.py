"""The product: draws, and the answers kept under an Idempotency-Key."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# `form_ref` makes a form that is sent twice one draw. A draw names the transaction that paid for it: that row
# names the draw by its ref, so that either leads to the other. What was drawn is never changed, as in the ledger.
DRAWS = """
CREATE TABLE draws (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref text NOT NULL UNIQUE,
    user_id bigint NOT NULL REFERENCES users (id),
    api_key_id bigint REFERENCES api_keys (id),
    form_ref text,
    type text NOT NULL CHECK (type IN ('integer')),
    request jsonb NOT NULL,
    n integer NOT NULL CHECK (n BETWEEN 1 AND 10000),
    credits integer NOT NULL CHECK (credits > 0),
    values jsonb NOT NULL,
    transaction_id bigint NOT NULL UNIQUE REFERENCES transactions (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT draws_values_check CHECK (jsonb_array_length(values) = n)
);
CREATE INDEX draws_user_idx ON draws (user_id, id);
CREATE UNIQUE INDEX draws_form_idx ON draws (user_id, form_ref) WHERE form_ref IS NOT NULL;
CREATE TRIGGER draws_append_only BEFORE UPDATE OR DELETE ON draws
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER draws_no_truncate BEFORE TRUNCATE ON draws
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
"""

# An answer is written in the transaction of its effect: there is a row here exactly when the effect stands.
ANSWERS = """
CREATE TABLE idempotency_keys (
    user_id bigint NOT NULL REFERENCES users (id),
    method text NOT NULL,
    path text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    body_hash bytea NOT NULL,
    status smallint NOT NULL CHECK (status BETWEEN 200 AND 299),
    content_type text NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, method, path, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
"""


def upgrade() -> None:
    """Create the tables."""
    for script in (DRAWS, ANSWERS):
        op.get_bind().exec_driver_sql(script)


def downgrade() -> None:
    """Drop everything; only a development database is ever downgraded this far."""
    op.execute("DROP TABLE idempotency_keys, draws")
