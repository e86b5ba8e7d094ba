"""What stands in a cell of a table or beside a fact: a text and how it is to be shown."""

from dataclasses import dataclass
from typing import Any

from randonumber.sandbox import currencies
from randonumber.sandbox.pages.layout import when


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A text; `style` is one of text, number, code, state; `target` is the id of an object that it leads to."""

    text: str = ""
    style: str = "text"
    target: str | None = None


NOTHING = Cell()


def text(value: Any) -> Cell:
    """Show any value as it stands, nothing for None."""
    return Cell(text="" if value is None else str(value))


def words(value: str | None) -> Cell:
    """Show Stripe's name for something, with spaces."""
    return Cell(text=(value or "").replace("_", " "))


def state(word: str | None) -> Cell:
    """Show a state in words and a colour."""
    return Cell(text=word, style="state") if word else NOTHING


def code(value: str | None) -> Cell:
    """Show something to be copied."""
    return Cell(text=value, style="code") if value else NOTHING


def link(object_id: str | None) -> Cell:
    """Show the id of an object, leading to it."""
    return Cell(text=object_id, style="code", target=object_id) if object_id else NOTHING


def moment(seconds: float | None) -> Cell:
    """Show a time of the sandbox's clock."""
    return Cell(text=when(seconds), style="time") if seconds is not None else NOTHING


def money(amount_minor: int | None, currency: str | None) -> Cell:
    """`$12.50 USD`, from minor units."""
    if amount_minor is None or not currency:
        return NOTHING
    return Cell(text=spoken(amount_minor, currency), style="number")


def spoken(amount_minor: int, currency: str) -> str:
    """Return an amount in minor units with its sign and its currency."""
    return f"{currencies.plain(amount_minor, currency)} {currency.upper()}"
