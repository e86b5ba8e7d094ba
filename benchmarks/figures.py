"""From rounds to figures: medians, quartiles, and ratios within a round, since a machine's speed drifts."""

from __future__ import annotations

from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


FIGURES: Final = ("p50_ms", "p99_ms", "server_us", "database_us", "client_cores")


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the quartiles of some values; a single value is all three."""
    low, middle, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return {"q1": round(low, 3), "median": round(middle, 3), "q3": round(high, 3)}


def ratios(rounds: Sequence[dict[str, Any]], over: str, under: str) -> dict[str, float]:
    """Return the quartiles of one arm's speed over another's, each pair taken from one round."""
    return spread([seen[over]["per_second"] / seen[under]["per_second"] for seen in rounds])


def summarize(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return each arm's figures, and what the app reaches of each other arm."""
    names = list(rounds[0])
    arms = {
        name: {
            "per_second": spread([seen[name]["per_second"] for seen in rounds]),
            **{figure: round(median(seen[name][figure] for seen in rounds), 2) for figure in FIGURES},
        }
        for name in names
    }
    return {"arms": arms, "ratios": {f"app/{name}": ratios(rounds, "app", name) for name in names if name != "app"}}


def table(summary: dict[str, Any]) -> str:
    """Return the figures as text."""
    lines = [f"{'arm':<12}{'draws/s':>9}{'quartiles':>14}" + "".join(f"{name:>13}" for name in FIGURES)]
    for name, arm in summary["arms"].items():
        speed = arm["per_second"]
        between = f"{speed['q1']:.0f}–{speed['q3']:.0f}"
        figures = "".join(f"{arm[figure]:>13}" for figure in FIGURES)
        lines.append(f"{name:<12}{speed['median']:>9.0f}{between:>14}{figures}")
    lines.append("")
    for name, ratio in summary["ratios"].items():
        lines.append(f"{name:<16} median {ratio['median']:.2f}  (quartiles {ratio['q1']:.2f}–{ratio['q3']:.2f})")
    return "\n".join(lines)
