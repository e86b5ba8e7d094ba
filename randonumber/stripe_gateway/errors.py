"""What can come of asking Stripe. None of these is a user's fault, so none is an AppError."""

from __future__ import annotations


class StripeUnavailable(Exception):
    """Stripe gave no answer that settles anything: whether an effect happened is unknown, or it may happen later.

    `status` is the HTTP status, None when no whole answer arrived (network, time-out, cut body) or when nothing was
    sent at all (`was_sent` is False: the breaker is open, no thread is free, no key is set).
    """

    def __init__(
        self, reason: str, *, status: int | None = None, code: str | None = None, was_sent: bool = True
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.code = code
        self.was_sent = was_sent


class StripeDenied(StripeUnavailable):
    """Stripe does not accept the key, or the key may not do this (401, 403): an operator has to act."""


class StripeKeyReused(StripeUnavailable):
    """An idempotency key came with other parameters than the first time: a bug of ours; what is true is unknown."""


class StripeRefused(Exception):
    """Stripe understood and said no (400, 402, 404): nothing happened, and asking again will not help.

    `decline_code` is what the bank said of a card that was declined.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: int = 400,
        decline_code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.status = status
        self.decline_code = decline_code


class StripeNotFound(StripeRefused):
    """The object does not exist at Stripe, or not for this key."""
