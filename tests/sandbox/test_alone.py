"""The sandbox is a product of its own."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from randonumber import sandbox
from randonumber.sandbox.spec.prune import HERE, offered, prune

HOME = Path(sandbox.__file__).parent


def imported(path: Path) -> set[str]:
    """Full names of all modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(str(node.module))
    return found


@pytest.mark.parametrize("path", sorted(HOME.rglob("*.py")), ids=lambda path: str(path.relative_to(HOME)))
def test_it_imports_nothing_of_the_app_and_stripe_only_in_process(path: Path) -> None:
    names = imported(path)
    assert not [name for name in names if name.startswith("randonumber") and not name.startswith("randonumber.sandbox")]
    assert "stripe" not in names or path.name == "inprocess.py"
    foreign = {"sqlalchemy", "flask_login", "flask_security", "psycopg", "procrastinate"}
    assert not foreign & {name.partition(".")[0] for name in names}


def test_its_description_is_pruned_to_what_it_offers() -> None:
    kept = json.loads((HERE / "openapi.json").read_text())
    operations = offered((HERE / "operations.txt").read_text().splitlines())
    assert prune(kept, operations) == kept, "pruning again finds nothing to cut"
    assert "Copyright (c) 2011- Stripe, Inc." in (HERE / "NOTICE").read_text()
