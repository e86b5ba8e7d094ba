"""Guards of the house: rules that hold for every file and every route, also for those written tomorrow."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
from dotenv import dotenv_values

from randonumber.cli import cli, make_app
from randonumber.config import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.routing import Rule

PUBLIC = {
    "/",
    "/api/docs",
    "/api/v1/openapi.json",
    "/buy-credits",
    "/confirm",
    "/confirm/<token>",
    "/credits/quote",
    "/favicon.ico",
    "/healthz",
    "/login",
    "/readyz",
    "/register",
    "/reset",
    "/reset/<token>",
    "/user-profile",
    "/webhooks/stripe",
    "/webhooks/stripe/connect",
}
"""Routes that a stranger may see; everything else asks who is there."""
WITHOUT_CSRF = {"/webhooks/stripe", "/webhooks/stripe/connect"}
"""POSTs that carry a proof of their own: a signature over the body."""
COMMANDS = ("up", "serve", "worker", "sandbox", "db", "shell", "routes", "demo", "ledger", "stripe", "inbox")
MORE_COMMANDS = ("credits", "users", "doctor", "withdrawals")


def sources() -> Iterator[Path]:
    yield from sorted((ROOT / "randonumber").rglob("*.py"))


def path_of(rule: Rule) -> str:
    """The rule's path with something in place of each argument."""
    return re.sub(r"<[^>]+>", "none", rule.rule)


def routes(app: Flask, method: str) -> list[Rule]:
    skipped = ("static",)
    return [
        rule
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or ()) and not rule.endpoint.split(".")[-1].startswith(skipped)
    ]


def is_public(rule: Rule) -> bool:
    return rule.rule in PUBLIC or rule.endpoint.startswith(("assets.", "bootstrap."))


def test_a_stranger_sees_only_what_is_public(committed: Flask, client: FlaskClient) -> None:
    for rule in routes(committed, "GET"):
        if is_public(rule):
            continue
        with client.get(path_of(rule)) as answer:
            allowed = {401, 404, 405} if rule.rule.startswith("/api/") else {302, 303, 404}
            assert answer.status_code in allowed, f"{rule.rule} answers {answer.status_code}"
            if answer.status_code in {302, 303}:
                assert "/login" in answer.headers["Location"], rule.rule


def test_every_post_needs_a_csrf_token_or_a_proof_of_its_own(committed: Flask, client: FlaskClient) -> None:
    for rule in routes(committed, "POST"):
        if rule.rule in WITHOUT_CSRF:
            continue
        answer = client.post(path_of(rule))
        allowed = {400, 401} if rule.rule.startswith("/api/") else {400}
        assert answer.status_code in allowed, f"{rule.rule} answers {answer.status_code}"


def test_no_get_changes_anything_by_name(app: Flask) -> None:
    verbs = re.compile(r"/(delete|revoke|refund|withdraw|cancel|checkout|logout)(/|$)")
    for rule in routes(app, "GET"):
        assert not verbs.search(rule.rule), rule.rule


def test_one_file_commits() -> None:
    committing = [file.name for file in sources() if ".commit(" in file.read_text() and "sandbox" not in file.parts]
    assert committing == ["database.py"]


def test_money_is_never_a_float_and_decimals_stay_in_one_module() -> None:
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text())):
            name = node.id if isinstance(node, ast.Name) else None
            assert name != "Decimal" or file.name == "money.py", file
            if file.parent.name in {"ledger", "credits", "reconciliation", "wallet", "payouts"}:
                assert name != "float", file
                assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), file
                assert not isinstance(node, ast.Div), f"{file}: / makes a float"


def test_stripe_is_imported_in_one_package() -> None:
    importing = re.compile(r"^\s*(import stripe\b|from stripe\b)", re.MULTILINE)
    for file in sources():
        if importing.search(file.read_text()):
            assert "stripe_gateway" in file.parts or "sandbox" in file.parts, file


def test_every_mail_has_a_text_and_a_page() -> None:
    for folder in (ROOT / "templates" / "mail", ROOT / "templates" / "mail" / "security"):
        texts = {file.stem for file in folder.glob("*.txt")}
        pages = {file.stem for file in folder.glob("*.html") if not file.stem.startswith(("layout", "_"))}
        assert texts - {"layout", "_layout"} == pages
        assert texts


def test_no_template_has_an_inline_script_or_style() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|https?://[^\"']*cdn")
    for file in (ROOT / "templates").rglob("*.html"):
        if "mail" in file.parts or "email" in file.parts:  # mail readers know no style sheets
            continue
        assert not inline.search(file.read_text()), file


def test_templates_never_switch_escaping_off() -> None:
    for file in (ROOT / "templates").rglob("*.html"):
        assert "|safe" not in file.read_text().replace(" ", ""), file


@pytest.mark.parametrize("name", [*COMMANDS, *MORE_COMMANDS])
def test_the_commands_of_the_readme_exist(name: str, committed: Flask) -> None:
    names = {*cli.commands, *committed.cli.commands, "up", "serve", "sandbox"}
    assert name in names


def test_plain_flask_runs_the_same_app() -> None:
    factory = dotenv_values(ROOT / ".flaskenv")["FLASK_APP"]
    assert factory == f"{make_app.__module__}:{make_app.__name__}"


def test_the_readme_names_only_commands_that_exist(committed: Flask) -> None:
    readme = (ROOT / "README.md").read_text()
    names = {*cli.commands, *committed.cli.commands, "up", "serve", "sandbox"}
    used = set(re.findall(r"manage\.py ([a-z]+)", readme))
    assert used
    assert used <= names
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`", readme)) <= targets


def test_nothing_unfinished_stands_in_the_code() -> None:
    marks = re.compile("TODO|FIXME|XXX|NotImplementedError")
    for file in sources():
        assert not marks.search(file.read_text()), file


def test_files_stay_small() -> None:
    long = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in sources()}
    assert {name: lines for name, lines in long.items() if lines > 300} == {}
