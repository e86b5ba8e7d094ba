"""From a fresh checkout to settings that work: `.env`, the running sandbox, the embedded database."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click
from dotenv import load_dotenv

from randonumber.config import ROOT, Config, ConfigProblems
from randonumber.embedded import LocalPostgres, PostgresDidNotStart

if TYPE_CHECKING:
    from collections.abc import Mapping

INSTANCE: Final = ROOT / "instance"
UP_FILE: Final = INSTANCE / "up.json"
"""What `up` set for its children, so that a command in another terminal talks to the same sandbox."""


def load_config() -> Config:
    """Read `.env` and the environment, and start (or join) the embedded database when none is named.

    Raises ConfigProblems. The database stays up, and comes back, as long as a process that asked for it lives.
    """
    load_dotenv(ROOT / ".env")
    if not os.environ.get("STRIPE_SECRET_KEY", "").strip():
        os.environ.update(read_up_settings())
    config = Config.from_env()
    if config.database_uri is None:
        server = LocalPostgres(INSTANCE / "postgres").start().keep()
        config = replace(config, database_uri=server.url())
    return config


def load_config_or_explain() -> Config:
    """Do as `load_config`; what is wrong becomes a message of the command line."""
    try:
        return load_config()
    except (ConfigProblems, PostgresDidNotStart) as problems:
        raise click.ClickException(str(problems)) from problems


def sandbox_settings(port: int, sandbox_port: int) -> dict[str, str]:
    """Return the settings that turn the app to the sandbox on this machine."""
    base = f"http://127.0.0.1:{sandbox_port}"
    return {
        "BASE_URL": f"http://127.0.0.1:{port}",
        "STRIPE_SECRET_KEY": "sk_test_sandbox",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_sandbox",
        "STRIPE_WEBHOOK_SECRET": "whsec_sandbox",
        "STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_sandbox_connect",
        "STRIPE_CONNECT_CLIENT_ID": "ca_sandbox",
        "STRIPE_API_BASE": base,
        "STRIPE_JS_URL": f"{base}/js/stripe.js",
    }


def read_up_settings() -> Mapping[str, str]:
    """Return what the running `up` gave its children; nothing when none ran."""
    try:
        settings: dict[str, str] = json.loads(UP_FILE.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return settings
