"""Addresses that people are sent to: which ones Stripe takes, so that nothing else leaves a page of the sandbox."""

import re
from urllib.parse import urlsplit

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.ASCII)
# What a browser would run, or read from this machine, instead of going somewhere.
NOWHERE = frozenset({"about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"})


def web_address(text: str) -> bool:
    """Whether this is an address of the web."""
    return scheme_of(text) in ("http", "https")


def return_address(text: str) -> bool:
    """Whether a buyer can be sent there: an address of the web or, on a phone, of an app, like `shop://paid`."""
    return scheme_of(text) not in NOWHERE | {None}


def scheme_of(text: str) -> str | None:
    """Return the scheme of an address; None when it is none, or holds spaces or what could break out of a header."""
    if not text.isprintable() or any(character.isspace() for character in text):
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    if not SCHEME.fullmatch(parts.scheme) or (parts.scheme in ("http", "https") and not parts.hostname):
        return None
    return parts.scheme
