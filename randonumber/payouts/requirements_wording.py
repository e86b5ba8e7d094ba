"""What Stripe still wants to know of an account, in words.

The names are those of https://docs.stripe.com/connect/required-verification-information and of
https://docs.stripe.com/api/accounts/object#account_object-requirements-currently_due. Some begin with the id of a
person (`person_1A….dob.day`); a name that is not known here is shown as it reads.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_WHOLE: Final = {
    "business_profile.mcc": "The kind of business you run",
    "business_profile.product_description": "What you sell or do, in a sentence",
    "business_profile.support_phone": "A phone number for your customers",
    "business_profile.url": "Your website, or what you sell or do",
    "business_type": "Whether you are a person or a company",
    "company.directors_provided": "Who directs your company",
    "company.executives_provided": "Who runs your company",
    "company.owners_provided": "Who owns your company",
    "external_account": "The bank account your money goes to",
    "relationship.director": "Who directs your company",
    "relationship.executive": "Who runs your company",
    "relationship.owner": "Who owns your company",
    "relationship.representative": "Who speaks for your company",
    "tos_acceptance.date": "Your agreement to Stripe’s terms",
    "tos_acceptance.ip": "Your agreement to Stripe’s terms",
    "settings.payments.statement_descriptor": "The name that stands on your customers’ statements",
}
_WHO: Final = {
    "individual": "Your",
    "company": "Your company’s",
    "representative": "The representative’s",
    "owners": "An owner’s",
    "directors": "A director’s",
    "executives": "An executive’s",
    "person": "A person’s",
}
_WHAT: Final = {
    "address": "address",
    "address_kana": "address in kana",
    "address_kanji": "address in kanji",
    "dob": "date of birth",
    "email": "mail address",
    "first_name": "first name",
    "full_name_aliases": "other names",
    "id_number": "tax or identity number",
    "last_name": "last name",
    "name": "name",
    "nationality": "nationality",
    "phone": "phone number",
    "political_exposure": "political offices, if any",
    "registered_address": "registered address",
    "registration_number": "registration number",
    "relationship": "part in the company",
    "ssn_last_4": "last four digits of the Social Security number",
    "structure": "legal form",
    "tax_id": "tax number",
    "vat_id": "VAT number",
    "verification": "proof of identity: a photo of a document",
}
_PROOF_OF_COMPANY: Final = "Your company’s papers: a photo of a document"
_PROOF_OF_ADDRESS: Final = "proof of address: a photo of a bill or bank statement"
_PERSON: Final = re.compile(r"person_[A-Za-z0-9]+")

PAST_DUE: Final = "requirements.past_due"
DISABLED: Final = {
    "action_required.requested_capabilities": "Stripe has not been asked to let this account receive transfers.",
    "listed": "Stripe is looking into this account. This may take some days.",
    "platform_paused": "We have paused this account. Please write to us.",
    "rejected.fraud": "Stripe has closed this account on suspicion of fraud. Please write to Stripe’s support.",
    "rejected.incomplete_verification": "Stripe has closed this account, since it could not verify who you are.",
    "rejected.listed": "Stripe has closed this account, since it may not do business with its owner.",
    "rejected.other": "Stripe has closed this account. Please write to Stripe’s support.",
    "rejected.platform_fraud": "We have closed this account. Please write to us.",
    "rejected.platform_other": "We have closed this account. Please write to us.",
    "rejected.platform_terms_of_service": "We have closed this account. Please write to us.",
    "rejected.terms_of_service": "Stripe has closed this account, since it went against Stripe’s terms.",
    PAST_DUE: "Stripe waits for more details.",
    "requirements.pending_verification": "Stripe is checking your details. There is nothing for you to do.",
    "under_review": "Stripe is looking into this account. This may take some days.",
}
"""What each reason of Stripe's for holding an account means
(https://docs.stripe.com/api/accounts/object#account_object-requirements-disabled_reason)."""


def sentences(requirements: Iterable[str]) -> list[str]:
    """Return what is wanted, each thing once, in the order given."""
    return list(dict.fromkeys(sentence(name) for name in requirements))


def sentence(name: str) -> str:
    """Return one requirement in words; one that is not known here is shown as it reads."""
    if name in _WHOLE:
        return _WHOLE[name]
    first, _, rest = name.partition(".")
    who = _WHO.get("person" if _PERSON.fullmatch(first) else first)
    field = rest.partition(".")[0]
    if who is None or not field:
        return _as_it_reads(name)
    if rest.startswith("relationship."):
        return f"{who} {_WHAT['relationship']}"
    if first == "company" and field == "verification":
        return _PROOF_OF_COMPANY
    if rest.startswith("verification.additional_document"):
        return f"{who} {_PROOF_OF_ADDRESS}"
    return f"{who} {_WHAT.get(field) or _plain(rest)}"


def disabled(reason: str | None) -> str | None:
    """Return why Stripe holds an account, in words; None when it does not."""
    if reason is None:
        return None
    return DISABLED.get(reason) or f"Stripe holds this account: {_plain(reason)}."


def _as_it_reads(name: str) -> str:
    text = _plain(name)
    return text[:1].upper() + text[1:]


def _plain(name: str) -> str:
    return re.sub(r"[._]+", " ", name).strip() or "something more"
