"""docs/pains.md says for each pain which defect was planted and which test sees it: held against both."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from typing import Final

import pytest

from randonumber.config import ROOT
from tests.sabotage.__main__ import EVERY

PAINS: Final = range(1, 26)
"""The pains of buying and withdrawing."""
ROW: Final = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


@cache
def marked() -> dict[int, set[str]]:
    """Return the tests that are marked with each pain, as pytest names them."""
    found = defaultdict(set)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in pains_of(node):
                    found[number].add(f"{file.relative_to(ROOT)}::{node.name}")
    return dict(found)


def pains_of(test: ast.FunctionDef) -> list[int]:
    calls = [one for one in test.decorator_list if isinstance(one, ast.Call)]
    marks = [one for one in calls if ast.unparse(one.func) == "pytest.mark.pain"]
    return [int(ast.literal_eval(one.args[0])) for one in marks]


def table() -> dict[int, tuple[str, set[str], set[str]]]:
    """Return the rows of the table: the rule, the defects and the tests, by the number of the pain."""
    rows = ROW.findall((ROOT / "docs" / "pains.md").read_text())
    return {int(number): (rule, listed(defects), listed(tests)) for number, rule, defects, tests in rows}


def listed(cell: str) -> set[str]:
    return {one.strip().strip("`") for one in cell.split("<br>")}


def test_the_table_has_a_row_for_each_pain() -> None:
    assert tuple(table()) == tuple(PAINS)


@pytest.mark.parametrize("number", PAINS)
def test_a_pain_has_a_rule_a_defect_and_a_marked_test_that_sees_it(number: int) -> None:
    rule, defects, tests = table()[number]
    planted = [defect for defect in EVERY if defect.pain == number]
    assert rule.strip()
    assert defects == {defect.name for defect in planted}
    assert tests == {test for defect in planted for test in defect.tests if test in marked()[number]}
    for defect in planted:
        assert marked()[number].intersection(defect.tests), f"no test of {defect.name!r} is marked pain({number})"


def test_no_test_is_marked_with_a_pain_that_nobody_has() -> None:
    assert set(marked()) <= set(PAINS)
