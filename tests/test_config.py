"""Settings are read whole and every problem is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber.config import ROOT, Config, ConfigProblems, names
from randonumber.settings import Tier, tiers

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_set_is_a_working_development_setup(tmp_path: Path) -> None:
    config = Config.from_env({}, instance_path=tmp_path)
    assert config.database_uri is None
    assert len(config.app_secret_key) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert Config.from_env({}, instance_path=tmp_path).app_secret_key == config.app_secret_key


def test_every_problem_stands_in_one_message(tmp_path: Path) -> None:
    wrong = {
        "DATABASE_URI": "sqlite:///x.db",
        "BASE_URL": "http://shop.example",
        "CREDIT_TIERS": "1:100,10:110",
        "FREE_CREDITS": "-1",
        "MAIL_USE_TLS": "perhaps",
        "API_RATE_LIMIT": "fast",
        "STRIPE_SECRET_KEY": "sk_live_1",
        "STRIPE_API_BASE": "http://127.0.0.1:5001",
    }
    with pytest.raises(ConfigProblems) as raised:
        Config.from_env(wrong, instance_path=tmp_path)
    message = str(raised.value)
    for name in [*wrong, "APP_SECRET_KEY", "MAIL_SERVER", "STRIPE_WEBHOOK_SECRET", "STRIPE_PUBLISHABLE_KEY"]:
        assert name in message
    assert "only PostgreSQL" in message
    assert "sk_live_1" not in message


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_ways_to_write_postgresql_are_one(scheme: str, tmp_path: Path) -> None:
    config = Config.from_env({"DATABASE_URI": f"{scheme}://u@h/d"}, instance_path=tmp_path)
    assert config.database_uri == "postgresql+psycopg://u@h/d"


def test_the_old_name_of_the_publishable_key_is_read(tmp_path: Path) -> None:
    config = Config.from_env({"STRIPE_PUB_KEY": "pk_test_1"}, instance_path=tmp_path)
    assert config.stripe_publishable_key == "pk_test_1"


def test_the_sandbox_with_a_live_key_is_refused(tmp_path: Path) -> None:
    environ = {"STRIPE_SECRET_KEY": "rk_live_1", "STRIPE_API_BASE": "http://127.0.0.1:1"}
    with pytest.raises(ConfigProblems, match="live key"):
        Config.from_env(environ, instance_path=tmp_path)


def test_the_quiet_time_at_stripe_outlives_every_request(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems, match="STRIPE_QUIET_SECONDS"):
        Config.from_env({"STRIPE_QUIET_SECONDS": "60"}, instance_path=tmp_path)


@pytest.mark.parametrize("text", ["", "10:90", "1:100,1:90", "1:100,10:100", "1:49", "1:-5", "1:1e3", "a:b", "1:100,"])
def test_a_price_table_without_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        tiers(text)


def test_a_price_table_is_read() -> None:
    assert tiers("1:100,10:90") == (
        Tier(quantity=1, unit_price_minor=100),
        Tier(quantity=10, unit_price_minor=90),
    )


def test_the_example_lists_every_setting_and_no_other() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = [line.lstrip("# ").partition("=")[0] for line in lines if "=" in line and line.lstrip("# ")[0].isupper()]
    assert sorted(listed) == sorted(names())
