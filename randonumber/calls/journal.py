"""The rows of the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session


def plan(
    session: Session, *, operation: str, ref: str, params: Mapping[str, Any], stripe_account: str | None = None
) -> int:
    """Write down an outbound write with its parameters, frozen from now on, and return the call's id.

    Never commits. `ref` is what the write is for, such as `pur_…`; it is put into `metadata[ref]` when the operation
    can be looked up. While a call of this operation and ref is open, that call is returned, with its own parameters;
    after it was closed, the next attempt begins under a new key. A job drives the call should this process die.
    """
    raise NotImplementedError
