"""The figures of the benchmark, from rounds whose answer is known."""

from __future__ import annotations

from typing import Any

from benchmarks import figures


def seen(per_second: int) -> dict[str, Any]:
    return {
        "per_second": per_second,
        "p50_ms": 1,
        "p99_ms": 2,
        "server_us": 300,
        "database_us": 200,
        "client_cores": 0.1,
    }


ROUNDS = [{"app": seen(app), "bare": seen(bare)} for app, bare in ((60, 100), (70, 100), (300, 400), (45, 50), (8, 10))]


def test_ratios_are_taken_within_a_round() -> None:
    assert figures.ratios(ROUNDS, "app", "bare") == {"q1": 0.7, "median": 0.75, "q3": 0.8}


def test_a_single_round_is_its_own_spread() -> None:
    assert figures.spread([3]) == {"q1": 3, "median": 3, "q3": 3}


def test_the_table_names_every_arm_and_every_ratio() -> None:
    summary = figures.summarize(ROUNDS)
    assert summary["arms"]["app"]["per_second"]["median"] == 60
    text = figures.table(summary)
    assert "app/bare" in text
    assert "0.75" in text
