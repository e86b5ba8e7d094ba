"""Evidence against a dispute: texts; Stripe takes files too, which the sandbox does not keep."""

from randonumber.sandbox.resources.disputes.dispute_template import FILES
from randonumber.sandbox.scope import Json
from randonumber.sandbox.wire.errors import invalid, not_here_yet

# https://docs.stripe.com/api/disputes/update#update_dispute-evidence
MOST_CHARACTERS = 150_000


def given(evidence: Json) -> Json:
    """Return the texts of a request; an empty one unsets its field. Raises Refused for files."""
    for name in (*FILES, "enhanced_evidence"):
        if evidence.get(name):
            raise not_here_yet(f"evidence with `{name}`", param=f"evidence[{name}]")
    if sum(len(text) for text in evidence.values() if isinstance(text, str)) > MOST_CHARACTERS:
        raise invalid(f"Evidence can have up to {MOST_CHARACTERS} characters in all.", param="evidence")
    return {name: text or None for name, text in evidence.items() if name != "enhanced_evidence"}


def is_submitted(params: Json) -> bool:
    """Whether a request sends evidence to the bank: by default when it brings some."""
    return bool(params.get("submit", bool(params.get("evidence"))))
