"""What the arms stand on: a durable PostgreSQL of the benchmark's own, and people with keys and credits."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import psutil
from flask_migrate import upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from randonumber import Config, create_app, ids, ledger
from randonumber.auth import accounts, keys
from randonumber.auth.models import Scope
from randonumber.config import ROOT
from randonumber.database import db, transaction
from randonumber.embedded import LocalPostgres
from randonumber.ledger import LotPriority, LotSource, Move

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE: Final = ROOT / "instance" / "bench-postgres"
OURS: Final = "bench_ours"
THEIRS: Final = "bench_theirs"
CREDITS: Final = 100_000_000


@contextmanager
def server(uri: str | None) -> Iterator[str]:
    """Yield the address of a server with two empty databases: that of `uri`, or an embedded one with fsync on."""
    own = None if uri else LocalPostgres(STATE).start()
    address = uri or (own.url("postgres") if own else "")
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            for name in (OURS, THEIRS):
                connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                connection.execute(text(f"CREATE DATABASE {name}"))
        yield address
    finally:
        admin.dispose()
        if own:
            own.release()


def settings(address: str) -> dict[str, str]:
    """Return the server's settings that a reader of the figures asks about."""
    engine = create_engine(address)
    with engine.connect() as connection:
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        found = {name: str(connection.execute(text(f"SHOW {name}")).scalar_one()) for name in names}
    engine.dispose()
    return found


def process_id(address: str) -> int:
    """Return the process id of the server, which runs on this machine."""
    engine = create_engine(address)
    with engine.connect() as connection:
        backend: int = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        found = psutil.Process(backend).ppid()
    engine.dispose()
    return found


def database(address: str, name: str) -> str:
    """Return the address of a database of the server."""
    return make_url(address).set(database=name).render_as_string(hide_password=False)


def people(uri: str, count: int) -> list[str]:
    """Build our schema and return the API keys of so many people, each with more credits than a run can spend."""
    app = create_app(Config(database_uri=uri, app_secret_key="bench-" * 8))
    with app.app_context():
        upgrade()
        made = [_person(number) for number in range(count)]
        db.engine.dispose()
    return made


def _person(number: int) -> str:
    with transaction() as session:
        user = accounts.create(session, f"bench-{number}@example.com", "no password opens this account")
        if user is None:
            message = "the database was not empty"
            raise RuntimeError(message)
        ref = ids.new_ref("bench")
        lot = ledger.open_lot(
            session,
            user_id=user.id,
            source=LotSource.GRANT,
            source_ref=ref,
            credits_=CREDITS,
            unit_price_minor=0,
            priority=LotPriority.PROMOTIONAL,
        )
        entry = Move(source="credits:issued", destination=lot.code, amount=CREDITS)
        ledger.post(
            session,
            kind="grant",
            ref=ref,
            entries=[entry],
            actor="operator:bench",
            user_id=user.id,
            reason="a benchmark",
        )
        return keys.create(session, user.id, "bench", [Scope.DRAW])
