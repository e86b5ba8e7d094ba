"""The mirror of Stripe's balance transactions."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = """
-- The first contact with a Stripe account: what it held then from before our time stands in `opening`.
CREATE TABLE stripe_contacts (
    account_id text NOT NULL,
    livemode boolean NOT NULL,
    ours_from timestamptz NOT NULL,
    opening bigint NOT NULL,
    transaction_id bigint CONSTRAINT stripe_contacts_transaction_id_key UNIQUE
        CONSTRAINT stripe_contacts_transaction_id_fkey REFERENCES transactions (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stripe_contacts_pkey PRIMARY KEY (account_id, livemode),
    CONSTRAINT stripe_contacts_opening_check CHECK ((opening = 0) = (transaction_id IS NULL))
);

-- One row for each balance transaction, as Stripe gave it, with the postings that put it into the ledger: its gross
-- amount (claimed by a feature, or booked to `unmatched` and perhaps resolved later) and its fee.
CREATE TABLE balance_transactions (
    id text NOT NULL CONSTRAINT balance_transactions_pkey PRIMARY KEY,
    account_id text NOT NULL,
    livemode boolean NOT NULL,
    type text NOT NULL,
    reporting_category text NOT NULL,
    source_id text,
    currency text NOT NULL CONSTRAINT balance_transactions_currency_check CHECK (currency = 'usd'),
    amount bigint NOT NULL,
    fee bigint NOT NULL,
    net bigint NOT NULL,
    created_at timestamptz NOT NULL,
    available_on timestamptz NOT NULL,
    mirrored_at timestamptz NOT NULL DEFAULT now(),
    claimed_id bigint CONSTRAINT balance_transactions_claimed_id_key UNIQUE
        CONSTRAINT balance_transactions_claimed_id_fkey REFERENCES transactions (id),
    unmatched_id bigint CONSTRAINT balance_transactions_unmatched_id_key UNIQUE
        CONSTRAINT balance_transactions_unmatched_id_fkey REFERENCES transactions (id),
    resolution_id bigint CONSTRAINT balance_transactions_resolution_id_key UNIQUE
        CONSTRAINT balance_transactions_resolution_id_fkey REFERENCES transactions (id),
    fee_id bigint CONSTRAINT balance_transactions_fee_id_key UNIQUE
        CONSTRAINT balance_transactions_fee_id_fkey REFERENCES transactions (id),
    CONSTRAINT balance_transactions_contact_fkey FOREIGN KEY (account_id, livemode)
        REFERENCES stripe_contacts (account_id, livemode),
    CONSTRAINT balance_transactions_net_check CHECK (net = amount - fee),
    CONSTRAINT balance_transactions_posted_check CHECK (
        (amount = 0) = (claimed_id IS NULL AND unmatched_id IS NULL)),
    CONSTRAINT balance_transactions_once_check CHECK (
        num_nonnulls(claimed_id, unmatched_id) < 2 OR resolution_id IS NOT NULL),
    CONSTRAINT balance_transactions_resolution_check CHECK (resolution_id IS NULL OR unmatched_id IS NOT NULL),
    CONSTRAINT balance_transactions_fee_check CHECK ((fee = 0) = (fee_id IS NULL))
);
CREATE INDEX balance_transactions_created_at_idx ON balance_transactions (account_id, livemode, created_at);
CREATE INDEX balance_transactions_open_idx ON balance_transactions (unmatched_id) WHERE resolution_id IS NULL;
"""

# The mirror says what Stripe said: only the resolution of what was unmatched is added later.
GUARD = """
CREATE FUNCTION balance_transactions_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.resolution_id IS NULL AND NEW.resolution_id IS NOT NULL
       AND to_jsonb(NEW) - 'resolution_id' - 'claimed_id' = to_jsonb(OLD) - 'resolution_id' - 'claimed_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the mirror is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER balance_transactions_append_only BEFORE UPDATE OR DELETE ON balance_transactions
    FOR EACH ROW EXECUTE FUNCTION balance_transactions_guard();
CREATE TRIGGER balance_transactions_no_truncate BEFORE TRUNCATE ON balance_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION balance_transactions_guard();
CREATE TRIGGER stripe_contacts_append_only BEFORE UPDATE OR DELETE ON stripe_contacts
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER stripe_contacts_no_truncate BEFORE TRUNCATE ON stripe_contacts
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
"""


def upgrade() -> None:
    """Create the tables and their triggers."""
    for script in (TABLES, GUARD):
        op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def downgrade() -> None:
    """Drop everything; only a development database is ever downgraded this far."""
    op.execute("DROP TABLE balance_transactions, stripe_contacts")
    op.execute("DROP FUNCTION balance_transactions_guard()")
