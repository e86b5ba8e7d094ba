"""Every way to pay for credits, and everything that happens to a payment afterwards."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A card as Stripe shows it; its number never comes here. One default a user.
CARDS = """
CREATE TABLE cards (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref text NOT NULL UNIQUE,
    user_id bigint NOT NULL REFERENCES users (id),
    stripe_payment_method_id text NOT NULL UNIQUE,
    fingerprint text,
    brand text NOT NULL,
    last4 text NOT NULL,
    exp_month smallint NOT NULL CHECK (exp_month BETWEEN 1 AND 12),
    exp_year smallint NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    call_id bigint,
    created_at timestamptz NOT NULL,
    removed_at timestamptz,
    CONSTRAINT cards_default_check CHECK (NOT is_default OR removed_at IS NULL)
);
CREATE INDEX cards_user_idx ON cards (user_id, id);
CREATE UNIQUE INDEX cards_default_idx ON cards (user_id) WHERE is_default;

CREATE TABLE card_setups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref text NOT NULL UNIQUE,
    user_id bigint NOT NULL REFERENCES users (id),
    form_ref text NOT NULL CHECK (form_ref ~ '^[A-Za-z0-9_-]{8,64}$'),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded', 'failed')),
    call_id bigint,
    setup_intent_id text UNIQUE,
    created_at timestamptz NOT NULL,
    UNIQUE (user_id, form_ref)
);
"""

# `call_id` is the open call on the way to a payment: the session's, the intent's or its confirmation's.
# `intent_status` is how far the buyer had come with the intent when Stripe was asked last.
# `refunded_minor` and `disputed_minor` are what of the price is given or taken back in force, `revoked_credits` the
# credits that went with it: a refund and a dispute of one payment never take more than was bought.
PURCHASES = """
ALTER TABLE purchases RENAME COLUMN session_call_id TO call_id;
ALTER TABLE purchases DROP CONSTRAINT purchases_method_check;
ALTER TABLE purchases ADD CONSTRAINT purchases_method_check
    CHECK (method IN ('checkout', 'custom', 'one_click', 'wallet', 'auto_topup'));
ALTER TABLE purchases ADD COLUMN card_id bigint REFERENCES cards (id);
ALTER TABLE purchases ADD COLUMN saves_card boolean NOT NULL DEFAULT false;
ALTER TABLE purchases ADD COLUMN intent_status text;
ALTER TABLE purchases ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE purchases ADD COLUMN disputed_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE purchases ADD COLUMN revoked_credits bigint NOT NULL DEFAULT 0;
ALTER TABLE purchases ADD CONSTRAINT purchases_reversed_check CHECK (
    refunded_minor BETWEEN 0 AND amount_minor AND disputed_minor >= 0 AND revoked_credits BETWEEN 0 AND credits
    AND (lot_ref IS NOT NULL OR (refunded_minor, disputed_minor, revoked_credits) = (0, 0, 0)));

CREATE TABLE extra_payments (
    payment_id text PRIMARY KEY,
    purchase_id bigint NOT NULL REFERENCES purchases (id),
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX extra_payments_purchase_id_idx ON extra_payments (purchase_id);
INSERT INTO extra_payments
SELECT second_payment_id, id, amount_minor, currency, paid_at FROM purchases WHERE second_payment_id IS NOT NULL;
ALTER TABLE purchases DROP COLUMN second_payment_id;
"""

# `credits` is what a reversal took when it was booked. A refund is held in the ledger before Stripe is asked (those
# made here), or written down when it shows up (those made in Stripe's dashboard: origin `stripe`).
REVERSALS = """
CREATE TABLE refunds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref text NOT NULL UNIQUE,
    purchase_id bigint NOT NULL REFERENCES purchases (id),
    user_id bigint NOT NULL REFERENCES users (id),
    origin text NOT NULL CHECK (origin IN ('buyer', 'operator', 'stripe')),
    form_ref text CHECK (form_ref ~ '^[A-Za-z0-9_-]{8,64}$'),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL CHECK (currency = 'usd'),
    credits bigint NOT NULL CHECK (credits >= 0),
    status text NOT NULL CHECK (status IN ('held', 'pending', 'succeeded', 'failed', 'refused')),
    is_booked boolean NOT NULL DEFAULT false,
    reason text,
    actor text NOT NULL,
    failure text,
    call_id bigint,
    stripe_refund_id text UNIQUE,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    UNIQUE (user_id, form_ref)
);
CREATE INDEX refunds_purchase_idx ON refunds (purchase_id);
CREATE INDEX refunds_user_idx ON refunds (user_id, created_at) WHERE origin = 'buyer';

CREATE TABLE disputes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stripe_dispute_id text NOT NULL UNIQUE,
    payment_id text NOT NULL,
    purchase_id bigint NOT NULL REFERENCES purchases (id),
    user_id bigint NOT NULL REFERENCES users (id),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    credits bigint NOT NULL DEFAULT 0 CHECK (credits >= 0),
    reason text,
    status text NOT NULL CHECK (status IN ('inquiry', 'open', 'won', 'lost', 'unclaimed')),
    withdrawn_minor bigint NOT NULL DEFAULT 0 CHECK (withdrawn_minor >= 0),
    reinstated_minor bigint NOT NULL DEFAULT 0 CHECK (reinstated_minor >= 0),
    lost_minor bigint NOT NULL DEFAULT 0 CHECK (lost_minor >= 0),
    evidence_due_by timestamptz,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT disputes_claimed_check CHECK (
        CASE status WHEN 'unclaimed' THEN (credits, withdrawn_minor, reinstated_minor, lost_minor) = (0, 0, 0, 0)
        ELSE currency = 'usd' END)
);
CREATE INDEX disputes_purchase_idx ON disputes (purchase_id);
CREATE INDEX disputes_user_idx ON disputes (user_id);
"""

# A draw waits for the lots that a reversal holds, and its statement sees the debts of the moment when it began. This
# runs when the lots are its own, and a function sees what was committed until now: a debt that arose meanwhile bars the
# draw, which then finds itself unpaid and asks why (ledger/spending.py).
BAR = """
CREATE FUNCTION ledger_bar_debtor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM accounts WHERE user_id = NEW.user_id AND kind = 'debt' AND balance < 0) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER transactions_bar_debtor BEFORE INSERT ON transactions
    FOR EACH ROW WHEN (NEW.kind = 'spend') EXECUTE FUNCTION ledger_bar_debtor();
"""

# Consent to buy without being asked: how much, when, and at most how much a month. `declines` counts in a row;
# `declined_ref` is the purchase that was counted last.
AUTO_TOPUPS = """
CREATE TABLE auto_topups (
    user_id bigint PRIMARY KEY REFERENCES users (id),
    enabled boolean NOT NULL,
    threshold bigint NOT NULL CHECK (threshold >= 0),
    quantity bigint NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
    monthly_cap_minor bigint NOT NULL CHECK (monthly_cap_minor > 0),
    declines bigint NOT NULL DEFAULT 0 CHECK (declines >= 0),
    next_try_at timestamptz,
    stopped_at timestamptz,
    stop_reason text,
    purchase_ref text,
    declined_ref text,
    consented_at timestamptz,
    updated_at timestamptz NOT NULL,
    CONSTRAINT auto_topups_stop_check CHECK ((stopped_at IS NULL) = (stop_reason IS NULL)),
    CONSTRAINT auto_topups_consent_check CHECK (NOT enabled OR consented_at IS NOT NULL)
);
CREATE INDEX auto_topups_enabled_idx ON auto_topups (user_id) WHERE enabled AND stopped_at IS NULL;
"""

# Free credits go once to a mailbox, whatever its address is written like: the SHA-256 of its normal form.
GIFTS = """
CREATE TABLE free_credit_claims (
    mailbox_hash bytea PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL
);
CREATE TABLE low_balance_notices (
    user_id bigint PRIMARY KEY REFERENCES users (id),
    lot_ref text,
    sent_at timestamptz,
    is_wanted boolean NOT NULL DEFAULT true
);
CREATE INDEX accounts_expiring_lots_idx ON accounts (expires_at) WHERE is_open AND expires_at IS NOT NULL;
"""

# Who had free credits before there were claims; of several accounts of one mailbox, the first.
GIVEN = """
INSERT INTO free_credit_claims
SELECT DISTINCT ON (mailbox_hash) mailbox_hash, user_id, created_at
  FROM (SELECT sha256(convert_to(CASE WHEN split_part(email, '@', 2) IN ('gmail.com', 'googlemail.com')
                                      THEN replace(name, '.', '') || '@gmail.com'
                                      ELSE name || '@' || split_part(email, '@', 2) END, 'UTF8')) AS mailbox_hash,
               user_id, created_at
          FROM (SELECT users.email, transactions.user_id, transactions.created_at,
                       coalesce(nullif(split_part(split_part(email, '@', 1), '+', 1), ''),
                                split_part(email, '@', 1)) AS name
                  FROM users
                  JOIN transactions ON transactions.kind = 'grant' AND transactions.ref = 'signup:' || users.ref
               ) AS granted) AS hashed
 ORDER BY mailbox_hash, created_at
    ON CONFLICT DO NOTHING;
"""

SCRIPTS = (CARDS, PURCHASES, REVERSALS, BAR, AUTO_TOPUPS, GIFTS, GIVEN)

DOWN = """
DROP TRIGGER transactions_bar_debtor ON transactions;
DROP FUNCTION ledger_bar_debtor();
DROP INDEX accounts_expiring_lots_idx;
DROP TABLE low_balance_notices, free_credit_claims, auto_topups, disputes, refunds, card_setups;
ALTER TABLE purchases ADD COLUMN second_payment_id text;
UPDATE purchases SET second_payment_id = extra_payments.payment_id
  FROM extra_payments WHERE extra_payments.purchase_id = purchases.id;
DROP TABLE extra_payments;
ALTER TABLE purchases DROP CONSTRAINT purchases_reversed_check;
ALTER TABLE purchases DROP COLUMN card_id, DROP COLUMN saves_card, DROP COLUMN intent_status,
    DROP COLUMN refunded_minor,
    DROP COLUMN disputed_minor, DROP COLUMN revoked_credits;
DROP TABLE cards;
ALTER TABLE purchases DROP CONSTRAINT purchases_method_check;
ALTER TABLE purchases ADD CONSTRAINT purchases_method_check CHECK (method IN ('checkout'));
ALTER TABLE purchases RENAME COLUMN call_id TO session_call_id;
"""


def upgrade() -> None:
    """Create the tables, and the columns of what happens to a payment later."""
    for script in SCRIPTS:
        op.get_bind().exec_driver_sql(script)


def downgrade() -> None:
    """Take it all away; only a development database is ever downgraded this far."""
    op.get_bind().exec_driver_sql(DOWN)
