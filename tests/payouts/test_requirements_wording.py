"""What Stripe wants to know is said in words, also what nobody here has heard of."""

from __future__ import annotations

import re

import pytest

from randonumber.payouts.requirements_wording import DISABLED, disabled, sentence, sentences
from randonumber.sandbox.resources.connect import account_requirements

KNOWN = {
    "external_account": "The bank account your money goes to",
    "tos_acceptance.ip": "Your agreement to Stripe’s terms",
    "individual.dob.month": "Your date of birth",
    "individual.ssn_last_4": "Your last four digits of the Social Security number",
    "individual.verification.document": "Your proof of identity: a photo of a document",
    "individual.verification.additional_document": "Your proof of address: a photo of a bill or bank statement",
    "company.tax_id": "Your company’s tax number",
    "company.verification.document": "Your company’s papers: a photo of a document",
    "representative.first_name": "The representative’s first name",
    "person_1Nv0FGQ9RKHgCVdK.address.line1": "A person’s address",
    "person_1Nv0FGQ9RKHgCVdK.relationship.title": "A person’s part in the company",
    "owners.email": "An owner’s mail address",
}
ODD = ["", ".", "individual", "individual.", "a.b_c", "individual.shoe_size", "person_.x", "<script>", "é" * 300]


@pytest.mark.parametrize(("name", "words"), KNOWN.items())
def test_a_requirement_is_a_phrase(name: str, words: str) -> None:
    assert sentence(name) == words


@pytest.mark.parametrize("name", ODD)
def test_an_unknown_requirement_is_shown_as_it_reads(name: str) -> None:
    assert sentence(name)
    assert not re.search(r"[._]", sentence(name))


def test_each_thing_is_asked_for_once() -> None:
    assert sentences(["individual.dob.day", "individual.dob.month", "individual.dob.year"]) == ["Your date of birth"]


def test_everything_the_sandbox_asks_for_has_words_of_its_own() -> None:
    names = [
        *account_requirements.individual("US", only_receives=False),
        *(f"company.{name}" for name in (*account_requirements.address("US"), "name", "phone", "tax_id")),
        *account_requirements.TERMS,
        *account_requirements.PROFILE,
        account_requirements.BANK,
        account_requirements.DOCUMENT,
        "business_type",
        "representative.first_name",
        "representative.last_name",
    ]
    for name in names:
        assert sentence(name).startswith(("Your", "The", "What", "Whether")), name


@pytest.mark.parametrize("reason", [*DISABLED, "something.quite_new"])
def test_why_stripe_holds_an_account_is_a_sentence(reason: str) -> None:
    words = disabled(reason)
    assert words is not None
    assert words.endswith(".")
    assert "_" not in words
    assert disabled(None) is None
