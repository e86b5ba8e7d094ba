"""Reading an event's envelope: the few fields that the inbox needs, checked before anything is stored."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from randonumber.clock import from_timestamp

if TYPE_CHECKING:
    from datetime import datetime

_EVENT_ID: Final = re.compile(r"evt_[A-Za-z0-9_]{1,250}")
_ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")
_OBJECT_ID: Final = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,500}")
"""Coupons, plans, products and customers may have ids of their maker's choosing."""
_TYPE: Final = re.compile(r"[a-z0-9_.]{1,255}")
_LATEST_SECONDS: Final = 1 << 33
"""A moment in the year 2242: what lies beyond is no time of an event."""


class MalformedEvent(ValueError):
    """This is no event of Stripe's."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """An event's own fields; `body` is the event as text, as it came, and `data` its `data.object`."""

    id: str
    type: str
    object_id: str | None
    account: str | None
    livemode: bool
    created_at: datetime
    body: str
    data: dict[str, Any]


def read_bytes(raw: bytes) -> Envelope:
    """Read what was posted. Raises MalformedEvent for whatever is no event, hostile JSON included."""
    try:
        text = raw.decode()
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = "not JSON in UTF-8"
        raise MalformedEvent(message) from error
    return read(parsed, text)


def read(parsed: Any, body: str | None = None) -> Envelope:
    """Read a parsed event. Raises MalformedEvent."""
    if not isinstance(parsed, dict) or not isinstance(parsed.get("data"), dict):
        message = "not an event"
        raise MalformedEvent(message)
    found = parsed["data"].get("object")
    created = parsed.get("created")
    if not isinstance(found, dict) or type(created) is not int or not 0 <= created < _LATEST_SECONDS:
        message = "an event without its object or time"
        raise MalformedEvent(message)
    if not isinstance(parsed.get("livemode"), bool):
        message = "an event of no mode"
        raise MalformedEvent(message)
    object_id, account = found.get("id"), parsed.get("account")
    return Envelope(
        id=_match(_EVENT_ID, parsed.get("id")),
        type=_match(_TYPE, parsed.get("type")),
        object_id=None if object_id is None else _match(_OBJECT_ID, object_id),
        account=None if account is None else _match(_ID, account),
        livemode=parsed["livemode"],
        created_at=from_timestamp(created),
        body=body if body is not None else json.dumps(parsed, separators=(",", ":")),
        data=found,
    )


def _match(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        message = "an event with an odd id or type"
        raise MalformedEvent(message)
    return value
