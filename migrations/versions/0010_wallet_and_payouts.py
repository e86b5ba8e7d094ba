"""Money of people: top-ups of the wallet, connected accounts, withdrawals, and what bars them."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# `pending_minor` is what of a paid top-up stands in the wallet's pending account; it goes over to the wallet once
# Stripe says that the funds can be used (`funds_on`) and the hold is over. `refunded_minor` and `disputed_minor` are
# what of it is taken back in force: the user bears that up to what was paid, we bear the rest, of which
# `excess_lost_minor` is lost for good.
TOPUPS = """
CREATE TABLE topups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref text NOT NULL UNIQUE,
    user_id bigint NOT NULL REFERENCES users (id),
    form_ref text CHECK (form_ref ~ '^[A-Za-z0-9_-]{8,64}$'),
    method text NOT NULL CHECK (method IN ('checkout', 'card')),
    card_id bigint REFERENCES cards (id),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL CHECK (currency = 'usd'),
    status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'paid', 'available', 'failed', 'expired', 'review')),
    failure text,
    call_id bigint,
    checkout_session_id text,
    checkout_url text,
    payment_intent_id text UNIQUE,
    payment_id text UNIQUE,
    receipt_url text,
    card_brand text,
    card_last4 text,
    pending_minor bigint NOT NULL DEFAULT 0,
    refunded_minor bigint NOT NULL DEFAULT 0,
    disputed_minor bigint NOT NULL DEFAULT 0,
    excess_lost_minor bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    paid_at timestamptz,
    funds_on timestamptz,
    available_at timestamptz,
    expires_at timestamptz,
    checked_at timestamptz,
    next_check_at timestamptz NOT NULL,
    UNIQUE (user_id, form_ref),
    CONSTRAINT topups_pending_check CHECK (
        pending_minor BETWEEN 0 AND amount_minor AND (status = 'paid' OR pending_minor = 0)),
    CONSTRAINT topups_reversed_check CHECK (
        refunded_minor BETWEEN 0 AND amount_minor AND disputed_minor >= 0
        AND excess_lost_minor BETWEEN 0 AND greatest(0, refunded_minor + disputed_minor - amount_minor)),
    CONSTRAINT topups_paid_check CHECK (
        (status IN ('paid', 'available')) = (paid_at IS NOT NULL) AND (paid_at IS NULL OR payment_id IS NOT NULL))
);
CREATE INDEX topups_user_idx ON topups (user_id, id);
CREATE INDEX topups_checkout_session_idx ON topups (checkout_session_id);
CREATE INDEX topups_open_idx ON topups (next_check_at) WHERE status IN ('pending', 'paid');

CREATE TABLE topup_reversals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stripe_id text NOT NULL UNIQUE,
    topup_id bigint NOT NULL REFERENCES topups (id),
    user_id bigint NOT NULL REFERENCES users (id),
    kind text NOT NULL CHECK (kind IN ('refund', 'dispute')),
    status text NOT NULL CHECK (status IN ('inquiry', 'open', 'done', 'undone')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    taken_minor bigint NOT NULL DEFAULT 0 CHECK (taken_minor >= 0),
    given_back_minor bigint NOT NULL DEFAULT 0 CHECK (given_back_minor >= 0),
    reason text,
    created_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE INDEX topup_reversals_topup_idx ON topup_reversals (topup_id);

CREATE TABLE topup_extra_payments (
    payment_id text PRIMARY KEY,
    topup_id bigint NOT NULL REFERENCES topups (id),
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX topup_extra_payments_topup_id_idx ON topup_extra_payments (topup_id);
"""

# One connected account a user, and one user an account, as long as it is connected. Without an id it is being made.
# `changed_at` is when it took the place of another: withdrawals wait for a while then. `disconnect_asked_at` is since
# when Stripe is asked to end the connection.
PAYOUT_ACCOUNTS = """
CREATE TABLE payout_accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref text NOT NULL UNIQUE,
    user_id bigint NOT NULL REFERENCES users (id),
    type text NOT NULL CHECK (type IN ('standard', 'express', 'custom')),
    stripe_account_id text,
    call_id bigint,
    country text,
    transfers_active boolean NOT NULL DEFAULT false,
    payouts_enabled boolean NOT NULL DEFAULT false,
    details_submitted boolean NOT NULL DEFAULT false,
    requirements jsonb NOT NULL DEFAULT '[]',
    disabled_reason text,
    livemode boolean NOT NULL,
    created_at timestamptz NOT NULL,
    connected_at timestamptz,
    changed_at timestamptz,
    checked_at timestamptz,
    disconnect_asked_at timestamptz,
    disconnected_at timestamptz,
    disconnect_reason text,
    CONSTRAINT payout_accounts_connected_check CHECK ((stripe_account_id IS NULL) = (connected_at IS NULL)),
    CONSTRAINT payout_accounts_disconnected_check CHECK ((disconnected_at IS NULL) = (disconnect_reason IS NULL))
);
CREATE UNIQUE INDEX payout_accounts_user_idx ON payout_accounts (user_id) WHERE disconnected_at IS NULL;
CREATE UNIQUE INDEX payout_accounts_stripe_idx ON payout_accounts (stripe_account_id) WHERE disconnected_at IS NULL;
CREATE INDEX payout_accounts_history_idx ON payout_accounts (user_id, id);

CREATE TABLE oauth_states (
    state_hash bytea PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    session_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE connected_payouts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stripe_payout_id text NOT NULL UNIQUE,
    payout_account_id bigint NOT NULL REFERENCES payout_accounts (id),
    user_id bigint NOT NULL REFERENCES users (id),
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'in_transit', 'paid', 'failed', 'canceled')),
    failure_code text,
    failure_message text,
    arrival_on timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
CREATE INDEX connected_payouts_user_idx ON connected_payouts (user_id, created_at);
"""

# `amount_minor` leaves the wallet, `fee_minor` of it is ours, the rest goes to the account that is frozen here.
# `held`: nothing has gone out. `sent`: asked of Stripe, outcome unknown. `waiting_since`: Stripe has not the funds yet.
WITHDRAWALS = """
CREATE TABLE withdrawals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref text NOT NULL UNIQUE,
    user_id bigint NOT NULL REFERENCES users (id),
    form_ref text CHECK (form_ref ~ '^[A-Za-z0-9_-]{8,64}$'),
    payout_account_id bigint NOT NULL REFERENCES payout_accounts (id),
    stripe_account_id text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    fee_minor bigint NOT NULL DEFAULT 0 CHECK (fee_minor >= 0),
    currency text NOT NULL CHECK (currency = 'usd'),
    status text NOT NULL DEFAULT 'held'
        CHECK (status IN ('held', 'sent', 'paid', 'failed', 'reversed', 'canceled')),
    reason text,
    call_id bigint,
    transfer_id text UNIQUE,
    reversed_minor bigint NOT NULL DEFAULT 0,
    actor text NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    waiting_since timestamptz,
    closed_at timestamptz,
    UNIQUE (user_id, form_ref),
    CONSTRAINT withdrawals_fee_check CHECK (fee_minor < amount_minor),
    CONSTRAINT withdrawals_reversed_check CHECK (
        reversed_minor BETWEEN 0 AND amount_minor - fee_minor
        AND (reversed_minor = 0 OR status IN ('paid', 'reversed'))
        AND (status <> 'reversed' OR reversed_minor = amount_minor - fee_minor)),
    CONSTRAINT withdrawals_paid_check CHECK ((status IN ('paid', 'reversed')) = (transfer_id IS NOT NULL)),
    CONSTRAINT withdrawals_closed_check CHECK ((status IN ('held', 'sent')) = (closed_at IS NULL))
);
CREATE INDEX withdrawals_user_idx ON withdrawals (user_id, id);
CREATE INDEX withdrawals_open_idx ON withdrawals (id) WHERE status IN ('held', 'sent');

CREATE TABLE withdrawal_reversals (
    stripe_reversal_id text PRIMARY KEY,
    withdrawal_id bigint NOT NULL REFERENCES withdrawals (id),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    created_at timestamptz NOT NULL
);
CREATE INDEX withdrawal_reversals_withdrawal_idx ON withdrawal_reversals (withdrawal_id);
"""

# A broken invariant bars withdrawals until the books hold again.
ALARMS = """
CREATE TABLE broken_invariants (
    check_id text PRIMARY KEY,
    title text NOT NULL,
    rows_broken bigint NOT NULL,
    since timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
"""

# The money of a user is found without passing the draws by, of which there may be millions; what is being withdrawn by
# its own few postings.
STATEMENT = """
CREATE INDEX transactions_money_idx ON transactions (user_id, id)
    WHERE kind NOT IN ('spend', 'hold', 'hold_capture', 'hold_release');
CREATE INDEX transactions_withdrawals_idx ON transactions (user_id)
    WHERE kind IN ('withdrawal_hold', 'withdrawal_settle', 'withdrawal_release');
"""

# Stripe holds money of ours back while a connected account is below zero, and for reasons of its own. What it held when
# we first met it is remembered beside the opening figure. House accounts stay when this is taken back: no account is
# ever removed.
RESERVES = """
INSERT INTO accounts (code, kind, currency)
SELECT code, 'house', 'usd' FROM unnest(ARRAY['stripe:reserve', 'stripe:held', 'stripe:other']) AS code
    ON CONFLICT (code) DO NOTHING;
ALTER TABLE stripe_contacts ADD COLUMN opening_reserved bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT stripe_contacts_opening_check,
    ADD CONSTRAINT stripe_contacts_opening_check CHECK (
        (opening = 0 AND opening_reserved = 0) = (transaction_id IS NULL));
"""

SCRIPTS = (RESERVES, STATEMENT, TOPUPS, PAYOUT_ACCOUNTS, WITHDRAWALS, ALARMS)

DOWN = """
ALTER TABLE stripe_contacts DROP COLUMN opening_reserved,
    ADD CONSTRAINT stripe_contacts_opening_check CHECK ((opening = 0) = (transaction_id IS NULL));
DROP INDEX transactions_money_idx, transactions_withdrawals_idx;
DROP TABLE broken_invariants, withdrawal_reversals, withdrawals, connected_payouts, oauth_states, payout_accounts,
    topup_extra_payments, topup_reversals, topups;
"""


def upgrade() -> None:
    """Create the tables."""
    for script in SCRIPTS:
        op.get_bind().exec_driver_sql(script)


def downgrade() -> None:
    """Drop them; only a development database is ever downgraded this far."""
    op.get_bind().exec_driver_sql(DOWN)
