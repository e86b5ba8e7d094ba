"""`serve`: the web server alone, as in production."""

from __future__ import annotations

import os
from typing import Final

import click
from granian import Granian
from granian.constants import HTTPModes, Interfaces

from randonumber.environment import load_config_or_explain

THREADS: Final = 4
"""Threads of a worker: one waits for Stripe or the database while another works."""
GRACE_SECONDS: Final = 10


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=5000, show_default=True, help="The port to listen on.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def serve(host: str, port: int, workers: int) -> None:
    """Run the web server alone."""
    config = load_config_or_explain()
    if not config.stripe_secret_key:
        message = "STRIPE_SECRET_KEY is not set: put your Stripe keys into .env, or use `up` to run with the sandbox."
        raise click.ClickException(message)
    os.environ["WEB_WORKERS"] = str(workers)
    import randonumber.features  # noqa: F401 - once here, and not once more in each worker that is forked

    run_server("randonumber.cli:make_app", host, port, workers)


def run_server(target: str, host: str, port: int, workers: int) -> None:
    """Serve what the factory `target` makes until a signal ends it."""
    Granian(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=GRACE_SECONDS,
    ).serve()
