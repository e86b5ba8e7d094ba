"""The defects: what is broken, where, and which test must see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Edit:
    """In `path`, `old` (which stands there exactly once) becomes `new`."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A way to break the product, and the tests that find it."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]

    def apply(self, tree: Path) -> None:
        """Break the copy in `tree`. Raises ValueError when the code has moved on from what the edit expects."""
        for edit in self.edits:
            file = tree / edit.path
            text = file.read_text()
            if text.count(edit.old) != 1:
                message = f"{self.name}: {edit.path} has {text.count(edit.old)} times: {edit.old!r}"
                raise ValueError(message)
            file.write_text(text.replace(edit.old, edit.new))


DEFECTS: Final[tuple[Defect, ...]] = ()
