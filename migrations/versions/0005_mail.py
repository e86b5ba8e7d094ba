"""Messages to people: queued in the transaction that causes them, sent by the worker."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# `tries` counts what a server answered about this message; a server that cannot be reached is nobody's fault and
# only leaves its time in `server_failed_at`. `next_try_at` is also the lease of whoever is sending.
TABLES = """
CREATE TABLE mail_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref text NOT NULL UNIQUE,
    message_id text NOT NULL UNIQUE CHECK (message_id ~ '^<[^[:space:]<>]+>$'),
    template text NOT NULL,
    recipient text NOT NULL CHECK (recipient !~ '[[:space:][:cntrl:]]'),
    subject text NOT NULL CHECK (subject !~ '[[:cntrl:]]'),
    text_body text NOT NULL,
    html_body text NOT NULL,
    status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'undeliverable', 'dead')),
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    next_try_at timestamptz NOT NULL,
    server_failed_at timestamptz,
    last_error text,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    CHECK ((sent_at IS NOT NULL) = (status = 'sent'))
);
CREATE INDEX mail_messages_due_idx ON mail_messages (next_try_at) WHERE status = 'queued';
"""


def upgrade() -> None:
    """Create the table."""
    op.get_bind().exec_driver_sql(TABLES)


def downgrade() -> None:
    """Drop everything; only a development database is ever downgraded this far."""
    op.execute("DROP TABLE mail_messages")
