"""What goes out to Stripe and what comes in: the installation, the journal of calls, the inbox."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"

TABLES = """
-- This installation: its key makes idempotency keys ours alone, its birth tells our objects from older ones.
CREATE TABLE installation (
    "only" boolean PRIMARY KEY DEFAULT true CONSTRAINT installation_only_check CHECK ("only"),
    key text NOT NULL CONSTRAINT installation_key_check CHECK (key ~ '^[0-9a-z]{12}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- One row for each attempt of an outbound write. `params` is canonical JSON as text: the bytes that are sent again.
CREATE TABLE stripe_calls (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    operation text NOT NULL,
    ref text NOT NULL,
    attempt bigint NOT NULL CONSTRAINT stripe_calls_attempt_check CHECK (attempt > 0),
    key text NOT NULL CONSTRAINT stripe_calls_key_length_check CHECK (length(key) <= 255),
    params text NOT NULL,
    stripe_account text,
    status text NOT NULL DEFAULT 'planned'
        CONSTRAINT stripe_calls_status_check CHECK (status IN ('planned', 'sent', 'ok', 'refused', 'void')),
    sends bigint NOT NULL DEFAULT 0,
    failures bigint NOT NULL DEFAULT 0,
    server_error_status bigint,
    server_errors bigint NOT NULL DEFAULT 0,
    last_error text,
    alarm text,
    due_at timestamptz,
    lease_owner text,
    lease_until timestamptz,
    lease_number bigint NOT NULL DEFAULT 0,
    result_id text,
    planned_at timestamptz NOT NULL,
    first_sent_at timestamptz,
    last_sent_at timestamptz,
    closed_at timestamptz,
    CONSTRAINT stripe_calls_key_key UNIQUE (key),
    CONSTRAINT stripe_calls_operation_ref_attempt_key UNIQUE (operation, ref, attempt),
    CONSTRAINT stripe_calls_sent_check CHECK ((status = 'planned') = (first_sent_at IS NULL) OR status = 'void'),
    CONSTRAINT stripe_calls_closed_check CHECK ((status IN ('planned', 'sent')) = (closed_at IS NULL))
);
-- Two attempts of one thing are never open at once.
CREATE UNIQUE INDEX stripe_calls_open_key ON stripe_calls (operation, ref) WHERE status IN ('planned', 'sent');
CREATE INDEX stripe_calls_due_idx ON stripe_calls (due_at) WHERE status IN ('planned', 'sent');

-- What was planned is what is sent: nobody changes it afterwards, and a closed attempt stays closed.
CREATE FUNCTION stripe_calls_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.operation, NEW.ref, NEW.attempt, NEW.key, NEW.params)
        IS DISTINCT FROM (OLD.operation, OLD.ref, OLD.attempt, OLD.key, OLD.params)
        OR NEW.stripe_account IS DISTINCT FROM OLD.stripe_account THEN
        RAISE EXCEPTION 'stripe call %: what was planned is frozen', OLD.id;
    END IF;
    IF OLD.status IN ('ok', 'refused', 'void') AND NEW.status <> OLD.status THEN
        RAISE EXCEPTION 'stripe call %: it is closed', OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stripe_calls_frozen BEFORE UPDATE ON stripe_calls
    FOR EACH ROW EXECUTE FUNCTION stripe_calls_frozen();

-- A key that Stripe does not accept stops the queue for this key (its fingerprint) and account.
CREATE TABLE stripe_stops (
    scope text PRIMARY KEY,
    status bigint NOT NULL,
    stopped_at timestamptz NOT NULL,
    retry_at timestamptz NOT NULL
);

-- How often in a row Stripe has not answered any of the web processes: one row.
CREATE TABLE stripe_outage (
    "only" boolean PRIMARY KEY DEFAULT true CONSTRAINT stripe_outage_only_check CHECK ("only"),
    failures bigint NOT NULL DEFAULT 0 CONSTRAINT stripe_outage_failures_check CHECK (failures >= 0),
    retry_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO stripe_outage DEFAULT VALUES;

-- Every event that was delivered with a good signature or found in Stripe's list; `body` is as it came.
CREATE TABLE inbox_events (
    id text PRIMARY KEY,
    type text NOT NULL,
    object_id text,
    stripe_account text,
    livemode boolean NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'pending'
        CONSTRAINT inbox_events_status_check CHECK (status IN ('pending', 'done', 'ignored', 'dead')),
    reason text,
    tries bigint NOT NULL DEFAULT 0,
    due_at timestamptz,
    closed_at timestamptz,
    CONSTRAINT inbox_events_closed_check CHECK ((status = 'pending') = (closed_at IS NULL))
);
CREATE INDEX inbox_events_due_idx ON inbox_events (due_at) WHERE status = 'pending';
CREATE INDEX inbox_events_received_at_idx ON inbox_events (received_at);

-- Up to which moment Stripe's list of events has been read, for each account and mode it was read with.
CREATE TABLE inbox_sweeps (
    scope text PRIMARY KEY,
    swept_until timestamptz NOT NULL
);
"""


def upgrade() -> None:
    """Create the tables, and give this installation its key."""
    connection = op.get_bind()
    connection.exec_driver_sql(TABLES.replace("%", "%%"))
    key = "".join(secrets.choice(LETTERS) for _ in range(12))
    connection.execute(sa.text("INSERT INTO installation (key) VALUES (:key)"), {"key": key})


def downgrade() -> None:
    """Drop everything; only a development database is ever downgraded this far."""
    op.execute("DROP TABLE stripe_outage, inbox_sweeps, inbox_events, stripe_stops, stripe_calls, installation")
    op.execute("DROP FUNCTION stripe_calls_frozen()")
