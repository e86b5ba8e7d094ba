"""Eight tabs that withdraw the whole wallet at once, as often as you like.

`python -m tests.payouts.eight_tabs --rounds 200`; the suite does ten rounds.

In each, one is held and seven are refused.
"""

from __future__ import annotations

import os
import sys

import click
import pytest

TEST = "tests/payouts/test_withdrawing_races.py::test_eight_tabs_withdraw_the_whole_wallet_and_one_gets_it"


@click.command()
@click.option("--rounds", default=200)
def main(rounds: int) -> None:
    """Run so many rounds, and end with the test's own exit code."""
    os.environ["EIGHT_TABS_ROUNDS"] = str(rounds)
    code = pytest.main(["-q", "-n", "0", "--timeout", "0", TEST])
    click.echo(f"{rounds} of {rounds} rounds" if code == 0 else "a round went wrong")
    sys.exit(int(code))


if __name__ == "__main__":
    main()
