"""Countries where Stripe opens connected accounts, with the currency that they settle in by default.

https://docs.stripe.com/connect/custom-accounts#country and https://docs.stripe.com/payouts#supported-accounts-and-settlement-currencies
"""

from randonumber.sandbox.wire.errors import invalid

CURRENCIES = {
    "AE": "aed", "AT": "eur", "AU": "aud", "BE": "eur", "BG": "eur", "BR": "brl", "CA": "cad", "CH": "chf",
    "CY": "eur", "CZ": "czk", "DE": "eur", "DK": "dkk", "EE": "eur", "ES": "eur", "FI": "eur", "FR": "eur",
    "GB": "gbp", "GI": "gbp", "GR": "eur", "HK": "hkd", "HR": "eur", "HU": "huf", "IE": "eur", "IT": "eur",
    "JP": "jpy", "LI": "chf", "LT": "eur", "LU": "eur", "LV": "eur", "MT": "eur", "MX": "mxn", "MY": "myr",
    "NL": "eur", "NO": "nok", "NZ": "nzd", "PL": "pln", "PT": "eur", "RO": "ron", "SE": "sek", "SG": "sgd",
    "SI": "eur", "SK": "eur", "TH": "thb", "US": "usd",
}  # fmt: skip
CODE_LENGTH = 2


def currency_of(country: str, *, param: str = "country") -> str:
    """Return the currency of a country. Raises Refused for none, and for one where Stripe opens no accounts."""
    if len(country) != CODE_LENGTH or not country.isascii() or not country.isalpha():
        raise invalid(
            f"Country '{country[:60]}' is unknown. Try using a 2-character alphanumeric country code instead, such as "
            "'US', 'EG', or 'GB'.",
            param=param,
            code="country_code_invalid",
        )
    if country.upper() not in CURRENCIES:
        raise invalid(
            f"{country.upper()} is not currently supported by Stripe.", param=param, code="country_unsupported"
        )
    return CURRENCIES[country.upper()]
