"""`make bench`: draws per second through the API, beside a bare handler and beside gringotts-api.

The arms take turns, so that each round compares what ran under the same conditions; the order turns with the
rounds. Prints a table and writes `benchmarks/results.json`. After it the Stripe sandbox is measured by itself, see
`benchmarks/sandbox.py`; `python -m benchmarks sandbox` does only that.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks import arms, figures, ground, peers, sandbox
from randonumber.config import ROOT

RESULTS: Final = ROOT / "benchmarks" / "results.json"
BARS: Final = {"app/bare": 0.60, "app/gringotts": 2.0}


def main() -> int:
    """Measure what was asked for and report; 1 when a bar is missed."""
    options = arguments()
    missed = 0
    if options.part in ("all", "app"):
        missed += measure_app(options)
    if options.part in ("all", "sandbox"):
        print("\nThe Stripe sandbox:")
        found = sandbox.run(options.rounds, min(options.seconds, 2))
        keep(options, {"sandbox": {"conditions": machine(), **found}})
        missed += sandbox.judge(found)
    return 1 if missed else 0


def measure_app(options: argparse.Namespace) -> int:
    """Run the rounds of the app's arms; how many bars are missed."""
    with ExitStack() as stack:
        address = stack.enter_context(ground.server(os.environ.get("BENCH_DATABASE_URI")))
        keys = ground.people(ground.database(address, ground.OURS), options.clients)
        running = [
            stack.enter_context(arms.app(address, keys, options.workers)),
            stack.enter_context(arms.bare(address, keys, options.workers)),
        ]
        if python := None if options.no_peer else peers.gringotts():
            running.append(stack.enter_context(arms.gringotts(address, python, options.clients, options.workers)))
        else:
            print("gringotts-api is left out: it was not asked for, or pip could not get it.")
        rounds = measure(running, options, ground.process_id(address))
        conditions = {**vars(options), **machine(), "postgresql": ground.settings(address)}
    summary = figures.summarize(rounds)
    print(f"\n{figures.table(summary)}")
    keep(options, {"conditions": conditions, **summary, "rounds": rounds})
    return judge(summary)


def keep(options: argparse.Namespace, found: dict[str, Any]) -> None:
    """Write figures into `results.json`; those of another part stay."""
    if not options.dry:
        kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        RESULTS.write_text(json.dumps(kept | found, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", choices=("all", "app", "sandbox"), default="all")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=5, help="how long each arm runs in a round")
    parser.add_argument("--clients", type=int, default=8, help="connections, each with a key of its own")
    parser.add_argument("--workers", type=int, default=2, help="processes of each server")
    parser.add_argument("--no-peer", action="store_true", help="leave gringotts-api out")
    parser.add_argument("--dry", action="store_true", help="write no results.json")
    return parser.parse_args()


def measure(running: list[arms.Arm], options: argparse.Namespace, database_id: int) -> list[dict[str, Any]]:
    """Return for each round what each arm did. One short run of each comes before, and does not count."""
    for arm in running:
        arms.measure(arm, min(options.seconds, 2), database_id)
    rounds = []
    for number in range(options.rounds):
        turn = number % len(running)
        in_turn = running[turn:] + running[:turn]
        seen = {arm.name: arms.measure(arm, options.seconds, database_id) for arm in in_turn}
        rounds.append({arm.name: seen[arm.name] for arm in running})
        speeds = [f"{arm.name} {seen[arm.name]['per_second']:.0f}/s" for arm in running]
        print(f"round {number + 1}: {', '.join(speeds)}", flush=True)
    return rounds


def machine() -> dict[str, Any]:
    """Return what the figures were taken on."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def judge(summary: dict[str, Any]) -> int:
    """Say for each bar whether it holds; how many are missed."""
    missed = 0
    for name, bar in BARS.items():
        if ratio := summary["ratios"].get(name):
            holds = ratio["median"] >= bar
            missed += not holds
            print(f"{name}: at least {bar:.2f} is asked for: {'yes' if holds else 'MISSED'}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
