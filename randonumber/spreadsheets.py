"""Lines of CSV that a spreadsheet opens without running what stands in them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from randonumber.database import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flask import Flask
    from sqlalchemy.orm import Session

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


def csv_pages(
    app: Flask,
    columns: Iterable[str],
    read: Callable[[Session, str | None], tuple[Iterable[Iterable[str]], str | None]],
) -> Iterator[str]:
    """Yield a whole list as CSV, page after page: no transaction is open while a slow reader takes them.

    `read(session, cursor)` returns the lines of a page as cells, and the cursor of the next one.
    """
    yield csv_line(columns) + LINE_END
    cursor: str | None = None
    while True:
        with app.app_context(), transaction() as session:
            lines, cursor = read(session, cursor)
            page = "".join(csv_line(cells) + LINE_END for cells in lines)
        yield page
        if cursor is None:
            return


def _safe(cell: str) -> str:
    is_number = cell.removeprefix("-").isdecimal()
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) and not is_number else cell
