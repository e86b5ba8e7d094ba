"""Two times: the real one, for signatures, headers and delivery, and the sandbox's, which can be moved forward."""

import time

from randonumber.sandbox.store import Store

LATEST = 32503680000  # the year 3000: every date that is counted from it can still be written


def real_now() -> float:
    """Seconds since 1970 by the machine's clock."""
    return time.time()


def sandbox_now(store: Store) -> int:
    """Seconds since 1970 as objects see them."""
    return int(real_now()) + lead(store)


def lead(store: Store) -> int:
    """Return by how many seconds the sandbox's time is ahead."""
    row = store.row("SELECT value FROM settings WHERE name = 'clock_offset'")
    return row["value"] if row else 0


def advance(store: Store, seconds: int) -> None:
    """Move the sandbox's time forward; it never goes back, and stops at LATEST."""
    seconds = max(0, min(seconds, LATEST - sandbox_now(store)))
    store.run(
        "INSERT INTO settings (name, value) VALUES ('clock_offset', ?) "
        "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        seconds,
    )
