"""Hands for tests of Connect: what the owner of a connected account does on the sandbox's pages."""

from urllib.parse import urlsplit

from flask import Flask

from randonumber.sandbox.inprocess import submit


def onboard(app: Flask, url: str, action: str = "complete", **fields: str) -> str | None:
    """Submit the onboarding page behind an account link; where it leads, None when the page refused.

    `account_number`, `identity` (verified, pending, failed) and `bank="none"` say what the owner gives; `action` may be
    `leave`.
    """
    return submit(app, address(url), fields | {"action": action})


def consent(app: Flask, url: str, action: str = "connect", **fields: str) -> str | None:
    """Answer the OAuth consent page (`connect` or `deny`); where it leads, None when the page refused."""
    return submit(app, address(url), fields | {"action": action})


def address(url: str) -> str:
    """Return an address without its host."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
