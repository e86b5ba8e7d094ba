"""The command line: `python manage.py …` and plain `flask …` are the same."""

from __future__ import annotations

import importlib
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

import click
from flask.cli import FlaskGroup

from randonumber.lifeline import die_with_parent

if TYPE_CHECKING:
    from flask import Flask

WITHOUT_APP: Final = {
    "up": "randonumber.operations.up",
    "serve": "randonumber.operations.serve",
    "sandbox": "randonumber.sandbox.commands",
}
"""Commands that make no app, or make it in other processes: they start at once and need no database."""


SERVERS: Final = frozenset({"serve", "worker"})
"""What runs on and is watched by its log; a command speaks for itself, and its log shows warnings alone."""


class Commands(FlaskGroup):
    """Flask's commands and ours; those of WITHOUT_APP are imported when they are called."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the command of that name."""
        if module := WITHOUT_APP.get(name):
            command: click.Command = getattr(importlib.import_module(module), name)
            return command
        return super().get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *WITHOUT_APP})


def make_app() -> Flask:
    """Make the app from the environment, or say in one message what is wrong with it."""
    from randonumber import create_app, shell_names  # commands that need no app start faster
    from randonumber.environment import load_config_or_explain
    from randonumber.logs import configure_logging

    die_with_parent()
    config = load_config_or_explain()
    configure_logging(config.log_level if SERVERS & set(sys.argv) else "WARNING")
    app = create_app(config)

    @app.shell_context_processor
    def _names() -> dict[str, Any]:
        from randonumber.database import db

        return {"app": app, "db": db, **shell_names()}

    return app


@click.group(cls=Commands, create_app=make_app, add_version_option=False)
def cli() -> None:
    """Rando Number: random numbers for credits."""


def main() -> None:
    """Run a command. SIGTERM ends it in good order, so that the database is let go.

    A command that `up` runs ends with it, also one that makes no app: the web server's main process, the sandbox.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    die_with_parent()
    cli()
