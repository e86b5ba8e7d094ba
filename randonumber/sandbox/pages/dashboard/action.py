"""A button of the dashboard, and what the buttons of all kinds share."""

from collections.abc import Callable
from dataclasses import dataclass

from randonumber.sandbox.pages.dashboard.forms import Field
from randonumber.sandbox.resources import HANDLERS
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.store import Record

Form = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button, with the fields of its form. `offered` tells when; `run` does it, or raises Refused.

    With `leads` the person goes on to the `url` of what `run` returns.
    """

    name: str
    label: str
    done: str
    offered: Callable[[Record], bool]
    run: Callable[[Scope, Record, Form], Json | None]
    fields: tuple[Field, ...] = ()
    hint: str = ""
    grave: bool = False
    leads: bool = False


def handle(operation: str, scope: Scope, params: Json, **ids: str) -> Json:
    """Run an operation of the API."""
    return HANDLERS[operation](scope, params, **ids)


def is_in(*states: str) -> Callable[[Record], bool]:
    """Return a test for the state of an object."""
    return lambda found: found.body.get("status") in states
