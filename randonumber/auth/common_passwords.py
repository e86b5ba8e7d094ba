"""Whether a password is among those that are tried first.

A list of whole passwords would be as long as it is incomplete. Nearly all of them are one word of a short list,
dressed up: capitals, digits and signs around it, letters written as digits, twice the same, a run on the keyboard.
So the dress is taken off first and what is left is looked up. The words (`common_words.txt`) were written down
for this file; they are what the yearly surveys of leaked passwords have in common.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORDS_FILE: Final = Path(__file__).with_name("common_words.txt")
_RUNS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "zaq12wsxcde34rfvbgt56yhn",
    "147258369",
    "741852963",
    "159357",
)
_LEET: Final = str.maketrans("013457@$!8", "oieastasib")
_LEFT_OVER: Final = 3
"""So many characters beside what is known are no secret."""
_SEVERAL_WORDS: Final = 12
"""From this length on, several words are a pass phrase, even when each is known."""


def is_common(password: str, about: Iterable[str] = ()) -> bool:
    """Whether the password is easily guessed; `about` are further words, known of its owner."""
    plain = password.casefold()
    own = {part for text in about for part in _parts(text.casefold()) if len(part) > _LEFT_OVER}
    if len(set(plain)) <= _LEFT_OVER:
        return True
    return any(_is_known(form, own) for form in _forms(plain) if 2 * len(form) >= len(plain))


def _parts(text: str) -> list[str]:
    """Return a text, such as an address, whole, before its last sign, and word by word."""
    return [text, text.rpartition("@")[0], *re.split(r"[\W_]+", text)]


def _forms(plain: str) -> Iterator[str]:
    """Yield the password as typed and undressed."""
    yield plain
    yield plain.translate(_LEET)
    yield re.sub(r"[\W_]+", "", plain)
    yield re.sub(r"(.)\1+", r"\1", plain)
    yield re.sub(r"^[^\W\d_]{0,3}(?=\d)|(?<=\d)[^\W\d_]{0,3}$", "", plain)
    yield re.sub(r"^[\d\W_]+|[\d\W_]+$", "", plain).translate(_LEET)
    yield re.sub(r"[\W_]+", "", plain.translate(_LEET))


def _is_known(form: str, own: set[str]) -> bool:
    if _is_run(form):
        return True
    once = _unrepeated(form)
    if once != form and (len(once) <= _LEFT_OVER + 1 or _is_run(once)):
        return True
    known = _words() | own
    return once in known or _is_mostly(once, known)


def _is_run(form: str) -> bool:
    """Whether the form is one run on a keyboard, forwards or backwards."""
    return len(form) > _LEFT_OVER and any(form in run or form[::-1] in run for run in _RUNS)


def _unrepeated(form: str) -> str:
    """Return the shortest part that, repeated, makes the form."""
    match = re.fullmatch(r"(.+?)\1*", form, re.DOTALL)
    return match[1] if match else form


def _is_mostly(form: str, known: set[str] | frozenset[str]) -> bool:
    """Whether the form is a known word (or a few in a short form) with a date, a run or next to nothing beside."""
    rest, found = form, 0
    for word in sorted((word for word in known if len(word) > _LEFT_OVER and word in form), key=len, reverse=True):
        found += word in rest
        rest = rest.replace(word, " ")
    if not found or (found > 1 and len(form) >= _SEVERAL_WORDS):
        return False
    parts = [part for part in rest.split() if not part.isdecimal() and not _is_run(part)]
    return sum(len(part) for part in parts) <= _LEFT_OVER


@functools.cache
def _words() -> frozenset[str]:
    return frozenset(_WORDS_FILE.read_text(encoding="utf-8").split())
