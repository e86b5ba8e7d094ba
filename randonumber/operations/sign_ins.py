"""The demo sign-ins of `up`: three people, whose passwords are made at the first run and kept in instance/demo.json.

They exist only while Stripe's part is played by the sandbox and the app is reached on this machine alone.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING, Final

from flask import current_app

from randonumber.auth import accounts, passwords
from randonumber.database import transaction

if TYPE_CHECKING:
    from pathlib import Path

    from randonumber.config import Config

BUYER: Final = "demo@example.com"
SELLER: Final = "seller@example.com"
OPERATOR: Final = "admin@example.com"
PEOPLE: Final = (BUYER, SELLER, OPERATOR)


def prepare() -> list[str]:
    """Make the demo people where they are missing, and return a line `demo sign-in: EMAIL PASSWORD` for each.

    Where real keys or another address than this machine's are set, they are shut instead, and the line says so.
    """
    config: Config = current_app.extensions["config"]
    if not (config.uses_sandbox and config.is_local):
        return retire()
    known = _read(config.instance_path)
    for email in PEOPLE:
        known.setdefault(email, secrets.token_urlsafe(12))
    _write(config.instance_path, known)
    for email in PEOPLE:
        _ensure(email, known[email])
    return [f"demo sign-in: {email} {known[email]}" for email in PEOPLE]


def retire() -> list[str]:
    """Shut the demo accounts of this database and forget their passwords; return a line when there were any."""
    config: Config = current_app.extensions["config"]
    _file(config.instance_path).unlink(missing_ok=True)
    with transaction() as session:
        found = [user for email in PEOPLE if (user := accounts.find(session, email)) and user.active]
        for user in found:
            accounts.disable(session, user)
    return ["The demo sign-ins are disabled: Stripe is real here."] if found else []


def _ensure(email: str, password: str) -> None:
    digest = passwords.digest(password)
    with transaction() as session:
        user = accounts.create(session, email, digest, is_confirmed=True)
        if user is None:
            user = accounts.get(session, email)
            matches, _ = passwords.verify(password, user.password)
            if not matches:
                accounts.set_password(session, user.id, digest)
        user.is_admin = email == OPERATOR
        user.active = True


def _file(instance_path: Path) -> Path:
    return instance_path / "demo.json"


def _read(instance_path: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads(_file(instance_path).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return known


def _write(instance_path: Path, known: dict[str, str]) -> None:
    instance_path.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_file(instance_path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(known, handle, indent=2)
