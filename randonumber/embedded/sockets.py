"""Where the server's socket lies: in the data directory, or in a private temporary folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from randonumber.embedded.place import PostgresDidNotStart

if TYPE_CHECKING:
    from randonumber.embedded.place import Place

PORT: Final = 5432
"""The name of the socket ends with it; nothing listens on the network."""

_LONGEST_FOLDER: Final = 103 - len("/.s.PGSQL.5432")
"""In bytes. The path of a socket has 107 on Linux, 103 on macOS."""
_PREFIX: Final = "randonumber-"


def make_folder(place: Place) -> Path:
    """Return the data directory, or a private temporary folder where libpq could not use that path.

    The path of a socket is limited, and a comma separates hosts.
    """
    if _fits(place.data):
        return place.data
    for parent in _temporary_folders():
        if _fits(parent / f"{_PREFIX}12345678") and place.account.reaches(parent):
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            place.account.own(folder)
            return folder
    message = f"{place.data} is too long for a socket, and no temporary folder can be used: set TMPDIR"
    raise PostgresDidNotStart(message)


def _fits(folder: Path) -> bool:
    text = str(folder)
    return len(os.fsencode(text)) <= _LONGEST_FOLDER and "," not in text and text.isprintable()


def _temporary_folders() -> list[Path]:
    # mkdtemp makes the names in them
    return [Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp")]  # noqa: S108


def is_own(place: Place, folder: Path) -> bool:
    """Whether a folder that the server named is the place's own: neither forged nor another server's."""
    if folder == place.data:
        return True
    if folder.is_symlink() or not folder.is_dir() or not folder.name.startswith(_PREFIX):
        return False
    lock = folder / f".s.PGSQL.{PORT}.lock"
    owners = lock.read_text(errors="surrogateescape").splitlines()[1:2] if lock.exists() else []
    return folder.stat().st_uid == place.account.uid and owners in ([], [str(place.data)])


def remove(place: Place, folder: Path | None) -> None:
    """Remove the socket that a server has left when it ended."""
    if folder is None or not is_own(place, folder):
        return
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (folder / name).unlink(missing_ok=True)
