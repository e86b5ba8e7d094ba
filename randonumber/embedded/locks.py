"""Locked files. The kernel drops a lock when its last holder has gone, however that ended."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from randonumber.embedded.place import Account


def open_lock(path: Path, account: Account | None = None) -> int:
    """Open a file to lock, made if missing; it belongs to the given user, else to us."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    _locks.add(descriptor)
    if account is not None:
        account.own(descriptor)
    return descriptor


def close_lock(descriptor: int) -> None:
    """Close the file, and so let go of its lock."""
    _locks.discard(descriptor)
    os.close(descriptor)


def _forget_locks() -> None:
    """Close in a forked child what it has inherited: a lock lives until its last copy is closed."""
    while _locks:
        os.close(_locks.pop())


_locks: Final[set[int]] = set()
os.register_at_fork(after_in_child=_forget_locks)


def lock_at_once(descriptor: int) -> bool:
    """Take the lock for ourselves alone, or return False without waiting."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
