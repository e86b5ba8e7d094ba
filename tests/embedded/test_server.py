"""What is left by processes that were killed, and how the next start gets over it."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from randonumber.embedded import LocalPostgres, place, server, sockets
from tests.embedded.holder import Holder
from tests.embedded.questions import ask, connect, execute, identity, is_running, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from randonumber.embedded.place import Account

    Maker = Callable[..., LocalPostgres]


def kill_server(local: LocalPostgres) -> int:
    """Kill the main process of the server as kill -9 does; returns its id."""
    postmaster = server._postmaster(local.place)
    assert postmaster is not None
    postmaster.kill()
    return postmaster.pid


def test_a_killed_server_comes_back_with_its_data(folder: Path) -> None:
    local = LocalPostgres(folder / "postgres").start()
    execute(local.url(), "CREATE TABLE kept (n int)", "INSERT INTO kept SELECT generate_series(1, 1000)")
    kill_server(local)
    local.start()
    assert ask(local.url(), "SELECT sum(n) FROM kept") == "500500"
    local.release()


def test_another_holder_brings_a_killed_server_back(postgres: Maker, folder: Path, ourselves: Account) -> None:
    local = postgres().start()
    kill_server(local)
    with Holder(folder / "postgres", ourselves) as other:
        url = other.start()
        assert is_running(url)
        local.release()
        assert is_running(url)
        other.leave()
        assert not is_running(url)


def test_a_dead_server_that_nobody_reaps_is_no_obstacle(folder: Path, ourselves: Account) -> None:
    with Holder(folder / "postgres", ourselves, as_reaper=True) as holder:
        url = holder.start()
        pid = int((folder / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        until(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        assert is_running(holder.start())
        assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        holder.leave()
        assert not is_running(url)


@pytest.mark.parametrize("content", ["{whole}", "{part}", "12", "", "\n\n", "no number\n", "9" * 30, "-1\n"])
def test_a_stale_pid_file_is_no_obstacle(folder: Path, content: str) -> None:
    """Its number is another program's by now, or it was written only in part."""
    local = LocalPostgres(folder / "postgres", durable=False).start()
    execute(local.url(), "CREATE TABLE kept AS SELECT 7 AS n", "CHECKPOINT")
    file = local.place.data / "postmaster.pid"
    kept = file.read_text().split("\n", 1)[1]
    kill_server(local)
    until(lambda: not any(server._processes(local.place)))
    file.write_text(content.format(whole=f"{os.getpid()}\n{kept}", part=f"{os.getpid()}\n{kept}"[:30]))
    local.start()
    assert ask(local.url(), "SELECT n FROM kept") == "7"
    local.release()


def test_a_query_that_outlives_its_server_is_ended(postgres: Maker) -> None:
    local = postgres().start()
    connection = connect(local.url())

    def work() -> None:
        with suppress(psycopg.OperationalError):
            connection.execute("SELECT count(*) FROM generate_series(1, 1e12) AS n WHERE n % 2 = 3")

    thread = threading.Thread(target=work)
    thread.start()
    busy = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series(1, 1e12)%'"
    until(lambda: ask(local.url(), busy) == "2")
    kill_server(local)
    started = time.monotonic()
    local.start()
    assert time.monotonic() - started < 15
    thread.join(10)
    assert not thread.is_alive()
    connection.close()
    local.release()


def test_a_server_that_lost_its_socket_is_started_anew(
    postgres: Maker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_SILENT_SECONDS", 0.2)
    local = postgres(folder / ("d" * 120)).start()
    before = identity(local.url())
    (local.socket_folder / ".s.PGSQL.5432").unlink()
    local.start()
    assert identity(local.url()) != before
    local.release()


def test_what_a_killed_initdb_left_is_made_anew(postgres: Maker, folder: Path) -> None:
    half = folder / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    local = postgres().start()
    assert is_running(local.url())
    assert not half.exists()
    local.release()


@pytest.mark.parametrize("name", ["short", "d" * 120])
def test_a_kept_server_comes_back_by_itself_at_the_same_address(folder: Path, name: str) -> None:
    local = LocalPostgres(folder / name, durable=False).start().keep()
    url = local.url()
    execute(url, "CREATE TABLE kept AS SELECT 7 AS n", "CHECKPOINT")
    for _ in range(2):
        before = kill_server(local)
        until(lambda: is_running(url) and server._recorded(local.place)[0] != before, 30)  # noqa: B023
        assert ask(url, "SELECT n FROM kept") == "7"
    local.release()
    until(lambda: not any(thread.name == "keep-postgres" for thread in threading.enumerate()))
    assert not is_running(url)


def test_two_that_keep_a_server_do_not_disturb_each_other(postgres: Maker) -> None:
    one, two = postgres().start().keep(), postgres().start().keep()
    kill_server(one)
    until(lambda: is_running(two.url()), 30)
    before = identity(two.url())
    one.release()
    assert identity(two.url()) == before
    url = two.url()
    two.release()
    until(lambda: not any(thread.name == "keep-postgres" for thread in threading.enumerate()))
    assert not is_running(url)


def test_a_forked_child_holds_neither_the_server_nor_its_return(folder: Path, ourselves: Account) -> None:
    """As the workers of the web server are."""
    with Holder(folder / "postgres", ourselves) as holder:
        url = holder.start()
        holder.ask("keep")
        assert holder.answer() == "kept"
        holder.ask("fork")
        child = psutil.Process(int(holder.answer()))
        os.kill(int((folder / "postgres" / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        until(lambda: not is_running(url))
        until(lambda: is_running(url), 30)
        holder.leave()
        assert child.is_running()
        assert not is_running(url)
        child.kill()


def test_a_server_that_cannot_come_back_is_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("randonumber.embedded._REVIVAL_PAUSE_SECONDS", 0.1)
    local = LocalPostgres(folder / "postgres", durable=False).start().keep()
    settings = local.place.data / "postgresql.conf"
    healthy = settings.read_text()
    settings.write_text(healthy + "\nno_such_setting = 1\n")
    url = local.url()
    kill_server(local)
    until(lambda: "database_not_restarted" in caplog.text, 30)
    settings.write_text(healthy)
    until(lambda: is_running(url), 30)
    local.release()


def test_a_server_that_ignores_the_stop_is_killed(postgres: Maker) -> None:
    local = postgres().start()
    postmaster = server._postmaster(local.place)
    assert postmaster is not None
    postmaster.suspend()
    server.stop(local.place, patience_seconds=0.2)
    until(lambda: not any(server._processes(local.place)))
    assert is_running(local.start().url())
    local.release()


def test_the_log_of_the_start_before_is_kept(postgres: Maker, folder: Path) -> None:
    local = postgres().start()
    local.release()
    local.start()
    local.release()
    assert "database system is shut down" in (folder / "postgres" / "log.old").read_text()
    assert "ready to accept connections" in (folder / "postgres" / "log").read_text()


def test_a_socket_of_another_server_is_left_alone(folder: Path, ourselves: Account) -> None:
    """A copied data directory still names the socket of the first."""
    shared = folder / "randonumber-12345678"
    shared.mkdir()
    (shared / ".s.PGSQL.5432.lock").write_text(f"1\n{folder / 'first' / 'data'}\n")
    for name, is_own in {"first": True, "copy": False}.items():
        home = place.Place(folder=folder / name, account=ourselves, programs=folder)
        assert sockets.is_own(home, shared) is is_own


def test_no_other_folder_is_removed_for_a_forged_socket(folder: Path, ourselves: Account) -> None:
    """The name of the socket's folder comes from a file that the server writes."""
    home = place.Place(folder=folder, account=ourselves, programs=folder)
    other = folder / "other"
    link = folder / "randonumber-link"
    other.mkdir()
    link.symlink_to(other)
    for target in (other, link):
        (other / ".s.PGSQL.5432").touch()
        sockets.remove(home, target)
        assert (other / ".s.PGSQL.5432").exists()
