"""Stripe's test cards and what each of them does.

Numbers and outcomes by https://docs.stripe.com/testing; sentences as recorded or quoted from Stripe's answers.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Literal

BRANDS = (
    (("34", "37"), "amex"), (("35",), "jcb"), (("30", "36", "38"), "diners"), (("6011", "65"), "discover"),
    (("62",), "unionpay"), (("51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27"), "mastercard"),
    (("4",), "visa"),
)  # fmt: skip
COUNTRIES = {
    "036": "AU", "076": "BR", "124": "CA", "250": "FR", "276": "DE", "356": "IN", "380": "IT", "392": "JP", "484": "MX",
    "826": "GB",
}  # fmt: skip
IRISH = frozenset({"4000000000003220"})
FUNDING = {
    "4000056655665556": "debit", "5200828282828210": "debit", "6011981111111113": "debit", "6200000000000047": "debit",
    "5105105105105100": "prepaid",
}  # fmt: skip
LUHN_BASE = 10
AMEX_CVC = 4
CVC = 3
SHORTEST = 12
LONGEST = 19


@dataclass(frozen=True, kw_only=True)
class Decline:
    """Why a card is declined: Stripe's code, the issuer's reason, and the sentence for the buyer."""

    code: str
    reason: str | None = None
    message: str = "Your card was declined."
    advice: str | None = "try_again_later"
    network: str | None = "01"
    network_advice: str | None = None
    param: str | None = None


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What happens when a card is charged, and afterwards.

    `challenge`: its bank asks whoever pays with it; `spared` says which off-session payments it lets pass: `never` one,
    those after it was `set_up`, or `always`. `attaches`: it can be saved although every charge is declined. `dispute`
    is the reason of a dispute that follows (or `inquiry`); `refund` is `pending` or `failing`.
    """

    decline: Decline | None = None
    challenge: bool = False
    spared: Literal["never", "set_up", "always"] = "never"
    attaches: bool = False
    at_once: bool = False
    dispute: str | None = None
    refund: str | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """A card as the network sees it."""

    number: str
    exp_month: int
    exp_year: int

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]

    @property
    def brand(self) -> str:
        """The network by the first digits."""
        return next((brand for heads, brand in BRANDS if self.number.startswith(heads)), "unknown")

    @property
    def country(self) -> str:
        """Where it was issued: the ISO 3166 number stands in Stripe's test numbers of other countries than the US."""
        return "IE" if self.number in IRISH else COUNTRIES.get(self.number[6:9], "US")

    @property
    def funding(self) -> str:
        """Return `credit`, `debit` or `prepaid`."""
        return FUNDING.get(self.number, "credit")

    @property
    def is_for_tests(self) -> bool:
        """Whether it is one of Stripe's test cards: no other number is ever kept."""
        return self.number in SUCCEEDING or self.number in BEHAVIOURS

    @property
    def fingerprint(self) -> str:
        """The same for the same test card, as Stripe's."""
        return hashlib.sha256(self.number.encode()).hexdigest()[:16] if self.is_for_tests else secrets.token_hex(8)


def declined(reason: str, message: str = "Your card was declined.", advice: str = "try_again_later") -> Behaviour:
    """Return a card that the issuer declines for this reason."""
    return Behaviour(decline=Decline(code="card_declined", reason=reason, message=message, advice=advice))


def failing(code: str, message: str, param: str | None = None) -> Behaviour:
    """Return a card that fails with a code of its own, which is its reason too; `param` names the field to blame."""
    return Behaviour(decline=Decline(code=code, reason=code, message=message, advice=None, network=None, param=param))


# As recorded from Stripe's test mode.
EXPIRED = Decline(
    code="expired_card",
    reason="expired_card",
    message="Your card has expired.",
    advice="confirm_card_data",
    network="54",
    network_advice="03",
    param="exp_month",
)


BEHAVIOURS = {
    "4000000000000002": declined("generic_decline"),
    "4000000000009995": declined("insufficient_funds", "Your card has insufficient funds."),
    "4000000000009987": declined("lost_card", advice="do_not_try_again"),
    "4000000000009979": declined("stolen_card", advice="do_not_try_again"),
    "4000000000006975": declined("card_velocity_exceeded", advice="try_again_later"),
    "4000000000000341": replace(declined("generic_decline"), attaches=True),
    "4000000000000069": Behaviour(decline=EXPIRED),
    "4000000000000127": failing("incorrect_cvc", "Your card's security code is incorrect.", "cvc"),
    "4000000000000119": failing(
        "processing_error", "An error occurred while processing your card. Try again in a little bit."
    ),
    "4000002500003155": Behaviour(challenge=True, spared="set_up"),
    "4000002760003184": Behaviour(challenge=True),
    "4000000000003220": Behaviour(challenge=True),
    "4000003800000446": Behaviour(challenge=True, spared="always"),
    "4000008260003178": replace(
        declined("insufficient_funds", "Your card has insufficient funds."), challenge=True, spared="set_up"
    ),
    "4000008400001629": Behaviour(challenge=True, decline=Decline(code="card_declined", reason="generic_decline")),
    "4000000000000077": Behaviour(at_once=True),
    "4000000000000259": Behaviour(dispute="fraudulent"),
    "4000000000002685": Behaviour(dispute="product_not_received"),
    "4000000000001976": Behaviour(dispute="inquiry"),
    "4000000000007726": Behaviour(refund="pending"),
    "4000000000005126": Behaviour(refund="failing"),
}
SUCCEEDING = frozenset({
    "4242424242424242", "4000056655665556", "5555555555554444", "2223003122003222", "5200828282828210",
    "5105105105105100", "378282246310005", "371449635398431", "6011111111111117", "6011000990139424",
    "3056930009020004", "36227206271667", "3566002020360505", "6200000000000005", "4000000000003055",
    "4000000000000101", "4000000000000259", "4000000000002685", "4000000000001976", "4000000000005423",
    "4000000000005126", "4000000000007726", "4000001240000000", "4000008260000000", "4000002500000003",
    "4000002760000016", "4000000360000006", "4000000760000002", "4000003560000008", "4000003920000003",
    "4000004840008001", "6011981111111113", "6200000000000047", "6205500000000000004",
})  # fmt: skip
# Cards whose code a bank finds wrong, and cards that can do 3-D Secure when the shop asks for it.
WRONG_CVC = frozenset({"4000000000000101", "4000000000000127"})
CHALLENGED_ON_REQUEST = frozenset({"4000000000003055"})
FOREIGN = declined(
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, "
    "visit: https://stripe.com/docs/testing.",
)
TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_debit": "4000056655665556",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_discover": "6011111111111117",
    "pm_card_diners": "3056930009020004",
    "pm_card_jcb": "3566002020360505",
    "pm_card_unionpay": "6200000000000005",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedLostCard": "4000000000009987",
    "pm_card_visa_chargeDeclinedStolenCard": "4000000000009979",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": "4000000000006975",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_threeDSecureRequired": "4000000000003220",
    "pm_card_threeDSecureOptional": "4000000000003055",
    "pm_card_threeDSecureRequiredChargeDeclined": "4000008400001629",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "pm_card_authenticationRequiredSetupForOffSession": "4000003800000446",
    "pm_card_bypassPending": "4000000000000077",
    "pm_card_cvcCheckFail": "4000000000000101",
    "pm_card_ca": "4000001240000000",
    "pm_card_gb": "4000008260000000",
    "pm_card_fr": "4000002500000003",
    "pm_card_de": "4000002760000016",
    "pm_card_au": "4000000360000006",
    "pm_card_br": "4000000760000002",
    "pm_card_in": "4000003560000008",
    "pm_card_jp": "4000003920000003",
    "pm_card_mx": "4000004840008001",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_createDisputeProductNotReceived": "4000000000002685",
    "pm_card_createDisputeInquiry": "4000000000001976",
    "pm_card_refundFail": "4000000000005126",
    "pm_card_pendingRefund": "4000000000007726",
}


def behaviour(number: str) -> Behaviour:
    """Return what charging this number does; a number that is no test card is declined, as in Stripe's test mode."""
    if number in BEHAVIOURS:
        return BEHAVIOURS[number]
    return Behaviour() if number in SUCCEEDING else FOREIGN


def refusal_to_save(number: str) -> Decline | None:
    """Return why a card cannot be saved: attaching or setting it up asks its bank once, without a challenge."""
    acts = behaviour(number)
    return None if acts.attaches or acts.challenge else acts.decline


def complaints(number: str, exp: tuple[int, int] | None, cvc: str, *, now: tuple[int, int]) -> dict[str, str]:
    """Return what is wrong with a typed card, by field; `exp` and `now` are (year, month)."""
    found: dict[str, str] = {}
    if not (number.isascii() and number.isdigit() and SHORTEST <= len(number) <= LONGEST):
        found["card_number"] = "Your card number is incomplete."
    elif not passes_luhn(number):
        found["card_number"] = "Your card number is invalid."
    if exp is None:
        found["exp"] = "Your card's expiration date is incomplete."
    elif exp < now:
        found["exp"] = "Your card's expiration date is in the past."
    wanted = AMEX_CVC if number.startswith(("34", "37")) else CVC
    if not (cvc.isascii() and cvc.isdigit() and len(cvc) == wanted):
        found["cvc"] = "Your card's security code is incomplete."
    return found


def passes_luhn(number: str) -> bool:
    """Return the check digit of ISO/IEC 7812."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled >= LUHN_BASE else doubled
    return total % LUHN_BASE == 0
