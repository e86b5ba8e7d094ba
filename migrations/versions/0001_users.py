"""People: users, their sessions, links and API keys, and the counters that limit attempts."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# `confirmed_at`: the owner of the address followed the link. `welcomed_at`: what a confirmed address brings was
# given, once; with the sandbox that is at the sign-up already.
USERS = """
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref text NOT NULL UNIQUE,
    email text NOT NULL UNIQUE CHECK (email = lower(email)),
    password text,
    active boolean NOT NULL DEFAULT true,
    is_admin boolean NOT NULL DEFAULT false,
    fs_uniquifier text NOT NULL UNIQUE,
    confirmed_at timestamptz,
    welcomed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""

# Of everything that opens a door only the SHA-256 is kept: whoever reads these tables can enter nowhere.
DOORS = """
CREATE TABLE user_sessions (
    id_hash bytea PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    verified_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX user_sessions_user_id_idx ON user_sessions (user_id);

CREATE TABLE user_links (
    token_hash bytea PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    purpose text NOT NULL CHECK (purpose IN ('confirm', 'reset')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX user_links_user_id_idx ON user_links (user_id);

CREATE TABLE api_keys (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    name text NOT NULL,
    prefix text NOT NULL,
    key_hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL CHECK (scopes <@ ARRAY['draw', 'read', 'withdraw']),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at timestamptz
) WITH (fillfactor = 70);
CREATE INDEX api_keys_user_id_idx ON api_keys (user_id);
"""

# One row per limit and subject (its SHA-256: an address stays out of the table), one upsert per attempt.
LIMITS = """
CREATE TABLE rate_limits (
    name text NOT NULL,
    subject bytea NOT NULL,
    hits bigint NOT NULL,
    strikes smallint NOT NULL,
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (name, subject)
) WITH (fillfactor = 70);
CREATE INDEX rate_limits_ends_at_idx ON rate_limits (ends_at);
"""


def upgrade() -> None:
    """Create the tables."""
    for script in (USERS, DOORS, LIMITS):
        op.get_bind().exec_driver_sql(script)


def downgrade() -> None:
    """Drop everything; only a development database is ever downgraded this far."""
    op.execute("DROP TABLE rate_limits, api_keys, user_links, user_sessions, users")
