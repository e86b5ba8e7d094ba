"""Buying credits: Stripe customers and purchases."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# One customer a user; while it is being made, `call_id` is the call that makes it.
CUSTOMERS = """
CREATE TABLE stripe_customers (
    user_id bigint PRIMARY KEY REFERENCES users (id),
    stripe_customer_id text UNIQUE,
    call_id bigint,
    created_at timestamptz NOT NULL
);
"""

# The price is the server's, kept with the table it came from. A purchase without a form_ref has let go of it: its
# form was sent again with another order. `checkout_session_id` is not unique: a session that was made twice would
# have to be seen, not refused.
PURCHASES = """
CREATE TABLE purchases (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref text NOT NULL UNIQUE,
    user_id bigint NOT NULL REFERENCES users (id),
    form_ref text CHECK (form_ref ~ '^[A-Za-z0-9_-]{8,64}$'),
    method text NOT NULL CHECK (method IN ('checkout')),
    pack integer,
    credits bigint NOT NULL CHECK (credits BETWEEN 1 AND 10000),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL CHECK (currency = 'usd'),
    unit_price_minor bigint NOT NULL CHECK (unit_price_minor > 0),
    tiers jsonb NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN (
        'pending', 'paid', 'failed', 'expired', 'refunded', 'partly_refunded', 'disputed', 'review')),
    failure text,
    session_call_id bigint,
    checkout_session_id text,
    checkout_url text,
    payment_intent_id text UNIQUE,
    payment_id text UNIQUE,
    second_payment_id text,
    payer_id text,
    receipt_url text,
    card_brand text,
    card_last4 text,
    lot_ref text UNIQUE REFERENCES accounts (lot_ref),
    created_at timestamptz NOT NULL,
    paid_at timestamptz,
    expires_at timestamptz,
    checked_at timestamptz,
    next_check_at timestamptz NOT NULL,
    UNIQUE (user_id, form_ref),
    CONSTRAINT purchases_amount_check CHECK (amount_minor = credits * unit_price_minor),
    CONSTRAINT purchases_pack_check CHECK (pack = credits),
    CONSTRAINT purchases_paid_check CHECK (
        CASE WHEN status IN ('paid', 'refunded', 'partly_refunded', 'disputed')
        THEN num_nulls(paid_at, lot_ref) = 0 ELSE lot_ref IS NULL END
    )
);
CREATE INDEX purchases_user_idx ON purchases (user_id, id);
CREATE INDEX purchases_checkout_session_idx ON purchases (checkout_session_id);
CREATE INDEX purchases_pending_idx ON purchases (next_check_at) WHERE status = 'pending';
"""


def upgrade() -> None:
    """Create the tables."""
    for script in (CUSTOMERS, PURCHASES):
        op.get_bind().exec_driver_sql(script)


def downgrade() -> None:
    """Drop everything; only a development database is ever downgraded this far."""
    op.execute("DROP TABLE purchases, stripe_customers")
