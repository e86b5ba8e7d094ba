"""`up`: the whole product on one machine, from an empty checkout, until Ctrl-C."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import click
import flask_migrate
from dotenv import load_dotenv

from randonumber import create_app
from randonumber.config import ROOT
from randonumber.environment import UP_FILE, load_config_or_explain, sandbox_settings
from randonumber.operations import demo_wallet, ports, sign_ins
from randonumber.supervisor import Child, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask


@click.command()
@click.option("--no-demo", is_flag=True, help="Start empty: no demo sign-ins.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
def up(*, no_demo: bool, workers: int) -> None:
    """Run web server, worker and Stripe sandbox together; Ctrl-C stops all of it."""
    load_dotenv(ROOT / ".env")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    port, sandbox = _choose_settings()
    config = load_config_or_explain()
    app = create_app(config)
    lines = _prepare(app, with_demo=not no_demo)
    children = list(_children(port, sandbox, workers))

    def announce() -> None:
        click.echo(f"\n  Rando Number is up: {config.base_url}")
        if sandbox:
            click.echo(f"  Stripe sandbox:     {config.stripe_api_base}/dashboard (no money moves)")
        for line in lines:
            click.echo(f"  {line}")
        click.echo("  Ctrl-C stops everything.\n")
        if sandbox and not no_demo and config.is_local:
            threading.Thread(target=_fill_wallet, args=(app,), daemon=True).start()

    sys.exit(run(children, ready_url=f"http://127.0.0.1:{port}/readyz", on_ready=announce))


def _choose_settings() -> tuple[int, int | None]:
    """Settle the ports, and without a Stripe key turn this process and its children to the sandbox."""
    port = ports.web_port(os.environ.get("PORT"))
    if not os.environ.get("PORT") and port != ports.WEB:
        click.echo(f"Port {ports.WEB} is taken: using {port}.")
    if os.environ.get("STRIPE_SECRET_KEY", "").strip():
        os.environ.setdefault("BASE_URL", f"http://127.0.0.1:{port}")
        UP_FILE.unlink(missing_ok=True)
        return port, None
    sandbox = ports.sandbox_port(os.environ.get("SANDBOX_PORT"), port)
    settings = sandbox_settings(port, sandbox)
    os.environ.update(settings)
    UP_FILE.parent.mkdir(parents=True, exist_ok=True)
    UP_FILE.write_text(json.dumps(settings, indent=2))
    UP_FILE.chmod(0o600)
    return port, sandbox


def _prepare(app: Flask, *, with_demo: bool) -> list[str]:
    """Migrate the database and see to the demo sign-ins; return what to tell about them."""
    with app.app_context():
        flask_migrate.upgrade()
        return sign_ins.prepare() if with_demo else []


def _fill_wallet(app: Flask) -> None:
    """Fill the demo seller's wallet, beside everything else: nobody waits for it."""
    with app.app_context():
        if trouble := demo_wallet.fill():
            click.echo(trouble, err=True)


def _children(port: int, sandbox: int | None, workers: int) -> Iterator[Child]:
    def child(name: str, *arguments: Any) -> Child:
        return Child(
            name=name,
            argv=(sys.executable, str(ROOT / "manage.py"), *map(str, arguments)),
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    if sandbox is not None:
        yield child("sandbox", "sandbox", "--port", sandbox)
    yield child("web", "serve", "--port", port, "--workers", workers)
    yield child("worker", "worker")
