"""Currencies: which there are, how their amounts are written, and the least that can be charged.

Minimum charge amounts by https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, in minor units; a
currency without one of its own takes 50. Decimals by the same page: those with three take a last digit of 0, and
isk and ugx, which have none, are given in hundredths all the same.
"""

from randonumber.sandbox.wire.errors import Refused, invalid

MINIMUMS = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500, "mxn": 1000,
    "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}  # fmt: skip
DEFAULT_MINIMUM = 50
HIGHEST = 99_999_999
ZERO_DECIMAL = frozenset({
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
})  # fmt: skip
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
STEPS = dict.fromkeys(THREE_DECIMAL, 10) | {"isk": 100, "ugx": 100}
UNMISTAKABLE = frozenset({"usd", "eur", "gbp", "jpy"})
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "cad": "$", "aud": "$"}
KNOWN = (
    "usd", "aed", "afn", "all", "amd", "ang", "aoa", "ars", "aud", "awg", "azn", "bam", "bbd", "bdt", "bgn", "bhd",
    "bif", "bmd", "bnd", "bob", "brl", "bsd", "bwp", "byn", "bzd", "cad", "cdf", "chf", "clp", "cny", "cop", "crc",
    "cve", "czk", "djf", "dkk", "dop", "dzd", "egp", "etb", "eur", "fjd", "fkp", "gbp", "gel", "gip", "gmd", "gnf",
    "gtq", "gyd", "hkd", "hnl", "hrk", "htg", "huf", "idr", "ils", "inr", "isk", "jmd", "jod", "jpy", "kes", "kgs",
    "khr", "kmf", "krw", "kwd", "kyd", "kzt", "lak", "lbp", "lkr", "lrd", "lsl", "mad", "mdl", "mga", "mkd", "mmk",
    "mnt", "mop", "mur", "mvr", "mwk", "mxn", "myr", "mzn", "nad", "ngn", "nio", "nok", "npr", "nzd", "omr", "pab",
    "pen", "pgk", "php", "pkr", "pln", "pyg", "qar", "ron", "rsd", "rub", "rwf", "sar", "sbd", "scr", "sek", "sgd",
    "shp", "sle", "sos", "srd", "std", "szl", "thb", "tjs", "tnd", "top", "try", "ttd", "twd", "tzs", "uah", "ugx",
    "uyu", "uzs", "vnd", "vuv", "wst", "xaf", "xcd", "xcg", "xof", "xpf", "yer", "zar", "zmw", "usdc", "btn", "ghs",
    "eek", "lvl", "svc", "vef", "ltl", "sll", "mro",
)  # fmt: skip


def checked(currency: str, param: str) -> str:
    """Return the currency in lower case. Raises Refused for one that Stripe does not know."""
    found = currency.lower()
    if found not in KNOWN:
        raise invalid(
            f"Invalid currency: {currency[:20]}. Stripe currently supports these currencies: {', '.join(KNOWN)}",
            param=param,
        )
    return found


def check_amount(amount: int, currency: str, param: str) -> None:
    """Refuse an amount outside of what can be charged."""
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", param=param, code="parameter_invalid_integer")
    if amount < least(currency):
        raise too_small(f"Amount must be at least {spoken(least(currency), currency)}", param)
    if amount > HIGHEST:
        raise invalid(f"Amount must be no more than {spoken(HIGHEST, currency)}", param=param, code="amount_too_large")
    step = STEPS.get(currency, 1)
    if amount % step:
        message = f"Amounts in {currency} must be divisible by {step}, see https://docs.stripe.com/currencies."
        raise invalid(message, param=param, code="parameter_invalid_integer")


def too_small(message: str, param: str | None) -> Refused:
    """`amount_too_small`."""
    return invalid(message, param=param, code="amount_too_small")


def least(currency: str) -> int:
    """Return the least amount of a charge, in minor units."""
    return MINIMUMS.get(currency, DEFAULT_MINIMUM)


def spoken(amount: int, currency: str) -> str:
    """`$0.50 usd`, as Stripe writes it in errors."""
    return f"{plain(amount, currency)} {currency}"


def decimals(currency: str) -> int:
    """Return how many digits of an amount in minor units stand behind the point."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def plain(amount: int, currency: str) -> str:
    """`$1,234.50`, `¥500`, `9.000`: an amount in minor units, with its sign if it has one."""
    minus, behind = ("-" if amount < 0 else ""), decimals(currency)
    whole, rest = divmod(abs(amount), 10**behind)
    part = f".{rest:0{behind}d}" if behind else ""
    return f"{minus}{SYMBOLS.get(currency, '')}{whole:,}{part}"


def full(amount: int, currency: str) -> str:
    """`$1,234.50`, `9.000 KWD`: an amount in minor units, named where its sign says too little."""
    return plain(amount, currency) + ("" if currency in UNMISTAKABLE else f" {currency.upper()}")
