"""Lines of CSV that a spreadsheet opens without running what stands in them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
LINE_END: Final = "\r\n"
"""RFC 4180, 2.1."""


def csv_line(cells: Iterable[str]) -> str:
    """Return one line of CSV, without its end. A cell that would be taken for a formula gets an apostrophe in front.

    A whole number keeps its sign: it is no formula.
    """
    line = io.StringIO(newline="")
    csv.writer(line).writerow([_safe(cell) for cell in cells])
    return line.getvalue().removesuffix(LINE_END)


def _safe(cell: str) -> str:
    is_number = cell.removeprefix("-").isdecimal()
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) and not is_number else cell
