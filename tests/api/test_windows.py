"""Counting in memory: apart for each caller, anew in each window, and never without an end."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from randonumber.api import windows
from randonumber.api.windows import Windows

if TYPE_CHECKING:
    import pytest


def at(monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    monkeypatch.setattr(time, "time", lambda: moment)


def test_a_new_window_begins_at_nought(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Windows(60)
    at(monkeypatch, 120)
    assert [counter.hit("a").hits for _ in range(3)] == [1, 2, 3]
    assert counter.hit("b").hits == 1
    at(monkeypatch, 179)
    assert (counter.hit("a").hits, counter.hit("a").ends_in_seconds) == (4, 1)
    at(monkeypatch, 180)
    assert (counter.hit("a").hits, counter.hit("a").ends_in_seconds) == (1, 60)


def test_invented_callers_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MOST_SUBJECTS", 2)
    counter = Windows(10**9)
    assert [counter.hit(name).hits for name in ("a", "b", "c", "d", "a")] == [1, 1, 1, 2, 2]


def test_no_hit_of_many_threads_is_lost() -> None:
    counter = Windows(10**9)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: counter.hit("a"), range(800)))
    assert counter.hit("a").hits == 801
