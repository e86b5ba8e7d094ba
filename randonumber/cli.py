"""The command line: `python manage.py …` and plain `flask …` are the same."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import click
from flask.cli import FlaskGroup

from randonumber.config import ConfigProblems

if TYPE_CHECKING:
    from flask import Flask


def make_app() -> Flask:
    """Make the app from the environment, or say in one message what is wrong with it."""
    from randonumber import create_app, shell_names
    from randonumber.environment import load_config

    try:
        app = create_app(load_config())
    except ConfigProblems as problems:
        raise click.ClickException(str(problems)) from problems

    @app.shell_context_processor
    def _names() -> dict[str, Any]:
        from randonumber.database import db

        return {"app": app, "db": db, **shell_names()}

    return app


@click.group(cls=FlaskGroup, create_app=make_app, add_version_option=False)
def cli() -> None:
    """Rando Number: random numbers for credits."""


def main() -> None:
    """Run a command. SIGTERM ends it in good order, so that the database is let go."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cli()
