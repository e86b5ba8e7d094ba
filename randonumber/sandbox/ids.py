"""Ids that look like Stripe's: a prefix that names the kind, then random letters and digits."""

import functools
import hashlib
import secrets
import string

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
# Random bytes become characters in one step.
LETTERS = (ALPHABET * 5)[:256].encode()
ABOVE = bytes(range(4 * len(ALPHABET), 256))

# Prefix and number of random characters, as seen in recordings of Stripe's test mode.
SHAPES = {
    "account": ("acct_1", 16),
    "account_link": ("", 40),
    "application": ("ca_", 32),
    "balance_transaction": ("txn_3", 23),
    "bank_account": ("ba_1", 23),
    "charge": ("ch_3", 23),
    "checkout.session": ("cs_test_a1", 56),
    "customer": ("cus_", 14),
    "dispute": ("du_1", 23),
    "event": ("evt_1", 23),
    "item": ("li_1", 23),
    "login_link": ("", 40),
    "mandate": ("mandate_1", 23),
    "payment": ("py_1", 23),
    "payment_intent": ("pi_3", 23),
    "payment_method": ("pm_1", 23),
    "payment_refund": ("pyr_1", 23),
    "payout": ("po_1", 23),
    "person": ("person_1", 23),
    "price": ("price_1", 23),
    "product": ("prod_", 14),
    "refund": ("re_3", 23),
    "request": ("req_", 14),
    "setup_attempt": ("setatt_1", 23),
    "setup_intent": ("seti_1", 23),
    "transfer": ("tr_1", 23),
    "transfer_reversal": ("trr_1", 23),
    "webhook_endpoint": ("we_1", 23),
}


def new_id(kind: str) -> str:
    """Return a fresh id for an object of this kind."""
    prefix, length = SHAPES[kind]
    return prefix + characters(length)


def characters(count: int) -> str:
    """Return that many random letters and digits, fit for ids and secrets."""
    found = ""
    while len(found) < count:
        # 248 is four alphabets: the eight bytes above it are left out, and every character is as likely as another.
        found += secrets.token_bytes(count + count // 8).translate(LETTERS, ABOVE).decode()
    return found[:count]


def digits(seed: str, count: int) -> str:
    """Return that many digits, the same for the same seed."""
    return str(int.from_bytes(hashlib.sha256(seed.encode()).digest()))[:count]


@functools.lru_cache(maxsize=1000)
def account_id(key: str) -> str:
    """Return the platform account that a key opens: `sk_test_x`, `rk_test_x` and `pk_test_x` open the same one."""
    return "acct_1" + derived(key.split("_", 2)[2], 16)


@functools.lru_cache(maxsize=1000)
def configuration_id(account: str) -> str:
    """Return the payment method configuration of an account: it has one, as new accounts of Stripe's have."""
    return "pmc_1" + derived(account, 23)


def derived(seed: str, count: int) -> str:
    """Return that many letters and digits, at most 40, the same for the same seed."""
    digest = int.from_bytes(hashlib.sha256(seed.encode()).digest())
    letters = []
    for _ in range(count):
        digest, rest = divmod(digest, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return "".join(letters)
