"""Orders as the scripts of our pages send them: JSON with known names and types, and never a price."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from randonumber.credits.models import PurchaseMethod
from randonumber.credits.service import Order
from randonumber.errors import InvalidRequest
from randonumber.forms import FORM_REF

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Final = frozenset({"quantity", "form_ref", "save_card"})
_FORM_REF: Final = re.compile(FORM_REF, re.ASCII)


def read_custom(fields: Mapping[str, Any]) -> Order:
    """Return the order of the on-page form; raises InvalidRequest that names each field that is wrong.

    Whether so many credits are for sale is for whoever prices them.
    """
    quantity, form_ref, save_card = fields.get("quantity"), fields.get("form_ref"), fields.get("save_card", False)
    errors = [_error(name, "is not known") for name in sorted(fields.keys() - _NAMES)]
    if type(quantity) is not int:  # a bool is an int, too
        errors.append(_error("quantity", "must be a whole number"))
    if not isinstance(form_ref, str) or not _FORM_REF.fullmatch(form_ref):
        errors.append(_error("form_ref", "must be 8 to 64 characters of A-Z, a-z, 0-9, - and _"))
    if not isinstance(save_card, bool):
        errors.append(_error("save_card", "must be true or false"))
    if errors or type(quantity) is not int or not isinstance(form_ref, str):
        raise InvalidRequest("; ".join(f"{error['field']} {error['message']}" for error in errors), errors=errors)
    return Order(quantity=quantity, form_ref=form_ref, method=PurchaseMethod.CUSTOM, saves_card=bool(save_card))


def read_form_ref(fields: Mapping[str, Any]) -> str:
    """Return the name of this use of a form that sends nothing else; raises InvalidRequest."""
    form_ref = fields.get("form_ref")
    errors = [_error(name, "is not known") for name in sorted(fields.keys() - {"form_ref"})]
    if not isinstance(form_ref, str) or not _FORM_REF.fullmatch(form_ref):
        errors.append(_error("form_ref", "must be 8 to 64 characters of A-Z, a-z, 0-9, - and _"))
    if errors or not isinstance(form_ref, str):
        raise InvalidRequest("; ".join(f"{error['field']} {error['message']}" for error in errors), errors=errors)
    return form_ref


def _error(name: str, message: str) -> dict[str, str]:
    return {"field": name, "message": message}
