"""Random integers from the system's generator, each value of the range equally likely."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Word = Literal["H", "I", "Q"]
WORDS: Final[tuple[tuple[int, Word], ...]] = ((2, "H"), (4, "I"), (8, "Q"))
"""Bytes of a random word, and its code for `memoryview.cast`."""


def integers(minimum: int, maximum: int, n: int, entropy: Callable[[int], bytes] = os.urandom) -> list[int]:
    """Return `n` integers from `minimum` to `maximum`, both included.

    `entropy(size)` gives random bytes; it is asked once for the whole batch, and again only for the few words that
    were rejected. A word is rejected when it lies above the last whole multiple of the range: what is left maps
    onto the range evenly, where a plain remainder would favour small values.
    """
    span = maximum - minimum + 1
    size, code = word_for(span)
    limit = 256**size // span * span
    values: list[int] = []
    while (missing := n - len(values)) > 0:
        words = memoryview(entropy(size * missing)).cast(code)
        values += [minimum + word % span for word in words if word < limit]
    return values


def word_for(span: int) -> tuple[int, Word]:
    """Return the smallest word of which less than one in 256 is rejected for a range of `span` values."""
    for size, code in WORDS:
        if span * 256 <= 256**size:
            return size, code
    message = f"a range of {span} values is wider than this generator maps"
    raise ValueError(message)
