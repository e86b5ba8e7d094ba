"""Mail addresses: their one normal form, by which an account is found."""

from __future__ import annotations

from typing import Final

from email_validator import EmailNotValidError, validate_email

LONGEST: Final = 254
"""RFC 5321, 4.5.3.1.3: the longest address that a mail can be sent to."""


class InvalidAddress(ValueError):
    """Not a mail address that anything can be sent to."""


def normal(text: str) -> str:
    """Return the address in lower case and in one of Unicode's forms; raises InvalidAddress.

    Nothing is asked of the network: whether the domain takes mail shows when the link is followed.
    """
    if len(text) > LONGEST:
        message = "This address is too long."
        raise InvalidAddress(message)
    try:
        address = validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        message = "This is not a mail address."
        raise InvalidAddress(message) from error
    return address.lower()
