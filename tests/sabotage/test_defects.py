"""The defects can be planted in the code as it is, and the tests that must find them are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber.config import ROOT
from tests.sabotage.__main__ import EVERY

if TYPE_CHECKING:
    from tests.sabotage.defects import Defect


@pytest.mark.parametrize("defect", EVERY, ids=lambda defect: defect.name)
def test_a_defect_fits_the_code_and_names_tests_that_exist(defect: Defect) -> None:
    for edit in defect.edits:
        assert (ROOT / edit.path).read_text().count(edit.old) == 1, f"the code has moved on: mend the edit {edit.old!r}"
    for test in defect.tests:
        path, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}" in (ROOT / path).read_text()


def test_no_two_defects_share_a_name() -> None:
    assert len({defect.name for defect in EVERY}) == len(EVERY)
