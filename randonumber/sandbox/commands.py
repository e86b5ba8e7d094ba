"""`sandbox`: the command that runs the sandbox alone. It needs nothing of the app."""

import os
from pathlib import Path

import click

from randonumber.sandbox.scope import Endpoint

DEFAULT_PORT = 5001
DEFAULT_DATABASE = "instance/sandbox.sqlite3"
DEFAULT_APP = "http://127.0.0.1:5000"
SECRETS = {"STRIPE_WEBHOOK_SECRET": "whsec_sandbox", "STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_sandbox_connect"}


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), envvar="SANDBOX_PORT", default=DEFAULT_PORT, show_default=True)
@click.option("--database", envvar="SANDBOX_DATABASE", default=DEFAULT_DATABASE, show_default=True, help="SQLite file.")
@click.option("--memory", is_flag=True, help="Keep nothing.")
@click.option("--strict", is_flag=True, help="Check answers against Stripe's description too.")
@click.option("--mail-dir", type=click.Path(path_type=Path), default=Path("instance/mail"), show_default=True)
def sandbox(*, port: int, database: str, memory: bool, strict: bool, mail_dir: Path) -> None:
    """Run Stripe's sandbox on loopback."""
    from randonumber.sandbox.server import serve
    from randonumber.sandbox.wiring import create_sandbox

    app = create_sandbox(
        database=":memory:" if memory else database, endpoints=app_endpoints(), strict=strict, mail_dir=mail_dir
    )
    try:
        serve(app, port, announce=announce)
    except OSError as error:
        raise click.ClickException(f"Port {port} cannot be used: {error.strerror or error}.") from error


def app_endpoints() -> list[Endpoint]:
    """Return the app's two webhook endpoints, from the settings that the app reads too."""
    base = os.environ.get("BASE_URL", DEFAULT_APP).rstrip("/")
    platform, connect = (os.environ.get(name) or default for name, default in SECRETS.items())
    return [
        Endpoint(url=f"{base}/webhooks/stripe", secret=platform, connect=False),
        Endpoint(url=f"{base}/webhooks/stripe/connect", secret=connect, connect=True),
    ]


def announce(port: int) -> None:
    """Say where it is."""
    click.echo(f"Stripe sandbox: http://127.0.0.1:{port}/dashboard (API http://127.0.0.1:{port}, any sk_test_… key)")
