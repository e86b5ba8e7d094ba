"""Apply each defect to a copy of the tree and run the tests that must turn red; exit 1 when one stays green.

`python -m tests.sabotage [NAME …]` runs the named defects alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from randonumber.config import ROOT
from tests.sabotage.buying_defects import BUYING_DEFECTS
from tests.sabotage.card_defects import CARD_DEFECTS
from tests.sabotage.defects import DEFECTS, Defect
from tests.sabotage.operator_defects import OPERATOR_DEFECTS
from tests.sabotage.payout_defects import PAYOUT_DEFECTS
from tests.sabotage.sandbox_defects import SANDBOX_DEFECTS
from tests.sabotage.topup_defects import TOPUP_DEFECTS

EVERY: Final = (
    *DEFECTS,
    *BUYING_DEFECTS,
    *CARD_DEFECTS,
    *PAYOUT_DEFECTS,
    *OPERATOR_DEFECTS,
    *SANDBOX_DEFECTS,
    *TOPUP_DEFECTS,
)
TESTS_FAILED = 1
"""pytest's exit code for failed tests; a broken collection has another."""


def main() -> int:
    """Run the defects and print a line for each."""
    wanted = sys.argv[1:]
    chosen = [defect for defect in EVERY if not wanted or defect.name in wanted]
    healthy = _run(sorted({test for defect in chosen for test in defect.tests}), None)
    if healthy.returncode != 0:
        print(healthy.stdout, "\nThe tests fail without any defect: mend them first.")
        return 1
    missed = [defect.name for defect in chosen if not _is_found(defect)]
    print(f"{len(chosen) - len(missed)} passed, {len(missed)} failed")
    return 1 if missed else 0


def _is_found(defect: Defect) -> bool:
    done = _run(list(defect.tests), defect)
    reds = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    found = done.returncode == TESTS_FAILED and bool(reds)
    print(f"{'red  ' if found else 'GREEN'}  {defect.name}: {', '.join(reds) or 'no test failed'}", flush=True)
    if not found and done.returncode != 0:
        print(done.stdout[-3000:])
    return found


def _run(tests: list[str], defect: Defect | None) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory(prefix="sabotage-") as folder:
        copy = Path(folder) / "tree"
        _copy_tree(copy)
        if defect is not None:
            defect.apply(copy)
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n0", *tests]
        environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False, env=environ)


def _copy_tree(copy: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607 - git is on the path
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)


if __name__ == "__main__":
    sys.exit(main())
