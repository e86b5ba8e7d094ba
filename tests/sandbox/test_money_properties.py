"""Whatever happens, each account's balance is the sum of its balance transactions, and nothing is created or lost."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.money_world import STEPS, World

# Money comes in and time passes more often than anything else, so that there is something to move.
NAMES = st.sampled_from([*STEPS, "pay_by_card", "wait", "transfer"])
NUMBERS = st.integers(1, 30_000)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(NAMES, NUMBERS, NUMBERS), min_size=30, max_size=30))
def test_balances_are_sums_and_no_money_is_created_or_lost(steps: list[tuple[str, int, int]]) -> None:
    world = World()
    for number, (name, first, second) in enumerate(steps, 1):
        world.step(name, first, second)
        if number % 5:
            world.check_balances()
        else:
            world.check()
