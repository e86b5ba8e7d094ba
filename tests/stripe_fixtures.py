"""Fixtures around Stripe: the sandbox in process, the jobs, the webhooks."""

from __future__ import annotations
