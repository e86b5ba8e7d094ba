"""Drives a call to its end: a thin shell around the rules."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What is known about a call now. UNKNOWN goes on by itself."""

    OK = "ok"
    REFUSED = "refused"
    UNKNOWN = "unknown"


def drive(call_id: int) -> Outcome:
    """Try the call at once, and run its operation's `settled` or `refused` when Stripe settles it.

    Safe to call again by anyone, also while another process is at it: a lease lets one pass. Opens transactions of
    its own. Never raises for what Stripe does or does not answer.
    """
    raise NotImplementedError
