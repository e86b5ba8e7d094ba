"""Alive, and ready: what each part says."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sqlalchemy import text

from randonumber import Config, create_app
from randonumber.database import transaction

if TYPE_CHECKING:
    import pytest
    from flask.testing import FlaskClient

WORKER = "randonumber.worker.is_alive"


def test_the_process_is_alive(client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.get_json() == {"status": "ok"}
    assert "Set-Cookie" not in response.headers


def test_everything_ready_is_200(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WORKER, lambda _session: True)
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.get_json() == {"ready": True, "database": "ok", "migrations": "ok", "worker": "ok"}


def test_a_silent_worker_is_503(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WORKER, lambda _session: False)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.get_json()["worker"] == "silent"


def test_an_old_schema_is_503(client: FlaskClient) -> None:
    with transaction() as session:
        head = session.execute(text("UPDATE alembic_version SET version_num = '0001' RETURNING version_num")).scalar()
    assert head == "0001"
    try:
        response = client.get("/readyz")
    finally:
        _put_back_head()
    assert response.status_code == 503
    assert response.get_json()["migrations"] == "pending"


def _put_back_head() -> None:
    from randonumber.health import _head

    with transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": _head()})


def test_no_database_is_503_within_its_patience(test_config: Config) -> None:
    unreachable = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    app = create_app(dataclasses.replace(test_config, database_uri=unreachable))
    response = app.test_client().get("/readyz")
    assert response.status_code == 503
    assert response.get_json()["database"] == "unreachable"
