"""The sandbox is a product of its own."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from randonumber import sandbox
from randonumber.config import ROOT
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


def test_it_starts_without_what_costs_a_start() -> None:
    """`jsonschema` takes 80 ms and `stripe` 400: the one says what is wrong with an answer, the other is for tests."""
    look = (
        "import sys; from randonumber.sandbox import server; from randonumber.sandbox import create_sandbox\n"
        "create_sandbox(strict=True).test_client().get('/v1/events', headers={'Authorization': 'Bearer sk_test_a'})\n"
        "print({'jsonschema', 'requests', 'stripe'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said == "set()\n"


def test_another_projects_environment_needs_flask_alone(tmp_path: Path) -> None:
    look = (
        "import sys; before = set(sys.modules)\n"
        "from randonumber.sandbox import commands, create_sandbox, server\n"
        "found = {name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)\n"
        "print(*sorted(found - {'randonumber'}))"
    )
    with_flask = {"blinker", "click", "flask", "itsdangerous", "jinja2", "markupsafe", "werkzeug"}
    assert set(elsewhere(tmp_path, "-c", look).split()) == with_flask
    assert "python -m randonumber.sandbox [OPTIONS]" in elsewhere(tmp_path, "-m", "randonumber.sandbox", "--help")


def elsewhere(folder: Path, *arguments: str) -> str:
    """What Python says in a folder that is not this project's."""
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    return run.stdout


def test_its_description_is_pruned_to_what_it_offers() -> None:
    kept = json.loads((HERE / "openapi.json").read_text())
    operations = offered((HERE / "operations.txt").read_text().splitlines())
    assert prune(kept, operations) == kept, "pruning again finds nothing to cut"
    assert "Copyright (c) 2011- Stripe, Inc." in (HERE / "NOTICE").read_text()
