"""Connected accounts in words: their kinds, where one stands, what came of connecting, why a bank sent money back.

Words only, so that mails, pages and services may use them.
"""

from __future__ import annotations

from typing import Final

TYPES: Final = {
    "standard": "Standard, your own Stripe account",
    "express": "Express, guided by Stripe",
    "custom": "Custom, managed here",
}
STATES: Final = {
    "being_made": "Stripe is making your account. It goes on by itself; look again in a minute.",
    "disconnecting": "This account is being disconnected. Stripe has not answered yet; we ask again every minute. "
    "No new withdrawal goes to it.",
    "out_of_reach": "Stripe does not let us see this account any more: it was closed, or its owner has ended the "
    "connection. Disconnect it here, then connect an account again.",
    "unread": "Connected. Stripe has not told us yet what this account may do; look again in a minute.",
    "onboarding": "Connected, but not set up: Stripe needs some details before money can go to it.",
    "waits": "Withdrawals wait until Stripe has checked this account.",
    "ready": "Stripe has all it needs: withdrawals go to this account.",
    "no_payouts": "Withdrawals go to this account, but Stripe does not pay out from it to your bank yet.",
}
STATE_LABELS: Final = {
    "being_made": "pending",
    "disconnecting": "pending",
    "out_of_reach": "disabled",
    "unread": "pending",
    "onboarding": "pending",
    "waits": "pending",
    "ready": "ready",
    "no_payouts": "pending",
}
OAUTH: Final = {
    "connected": ("success", "Your Stripe account is connected."),
    "already": ("success", "Your Stripe account is connected already."),
    "denied": ("warning", "Nothing was connected, since you said no at Stripe. You can start again at any time."),
    "failed": ("danger", "Stripe could not connect your account. Please start again."),
    "wrong_state": (
        "danger",
        "Nothing was connected: this answer belongs to another browser, was used before, or is too old. Start again.",
    ),
    "code_refused": ("danger", "Nothing was connected: Stripe does not accept its own answer any more. Start again."),
    "unknown": (
        "warning",
        "Stripe gave no answer, so nothing was connected here. Please start anew; nothing is connected twice.",
    ),
    "wrong_mode": ("danger", "Nothing was connected: that is a test account here for real money, or the reverse."),
    "other_user": (
        "danger",
        "This Stripe account belongs to another wallet here. Disconnect it there first, or choose another account.",
    ),
    "has_another": (
        "danger",
        "Nothing was connected: you have a payout account already. Disconnect it below before you connect another.",
    ),
}
DISCONNECTED: Final = {
    "done": ("success", "The account is disconnected, here and at Stripe."),
    "here_only": (
        "success",
        "The account is disconnected here. At Stripe it goes on; its balance is paid out as ever.",
    ),
    "waits": ("warning", "Stripe does not answer at the moment. Disconnecting goes on by itself, within minutes."),
    "nothing": ("info", "There is no such connection any more."),
    "being_made": ("warning", "Stripe is still making this account. Wait a minute, then disconnect it."),
}
ENDINGS: Final = {
    "user": "Disconnected by you",
    "deauthorized": "Disconnected at Stripe",
}
_BANK: Final = {
    "account_closed": "The bank account is closed.",
    "account_frozen": "The bank account is frozen.",
    "bank_account_restricted": "The bank account does not take this kind or number of payouts.",
    "bank_ownership_changed": "The bank branch has changed hands, and this account number is no longer valid.",
    "could_not_process": "The bank could not take the money.",
    "debit_not_authorized": "The bank account does not allow debits, which Stripe needs for payouts.",
    "declined": "The bank said no. Ask your bank why.",
    "incorrect_account_holder_address": "The bank knows the account’s owner under another address.",
    "incorrect_account_holder_name": "The bank knows the account’s owner under another name.",
    "incorrect_account_holder_tax_id": "The bank knows the account’s owner under another tax number.",
    "insufficient_funds": "The Stripe account did not hold enough.",
    "invalid_account_number": "The account number is wrong.",
    "invalid_currency": "The bank account does not take this currency.",
    "no_account": "The bank knows no account with this number.",
    "unsupported_card": "The card does not take payouts any more.",
}
"""Why a payout failed, by Stripe's codes (https://docs.stripe.com/api/payouts/failures)."""


def type_name(kind: str) -> str:
    """Return the kind of an account in words."""
    return TYPES.get(kind, kind)


def bank_reason(code: str | None) -> str:
    """Return why a bank sent a payout back, in words."""
    if code is None:
        return "The bank gave no reason."
    return _BANK.get(code) or f"The bank’s reason: {code.replace('_', ' ')}."
