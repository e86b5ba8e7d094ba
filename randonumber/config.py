"""Settings: read from the environment once, checked whole, then frozen.

Every problem is reported in one message, so that a newcomer mends a wrong `.env` in one go.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from randonumber import settings
from randonumber.settings import Tier, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT: Final = Path(__file__).resolve().parent.parent
SECRET_LENGTH: Final = 32
REGISTRATIONS_WHILE_TRYING: Final = 200
"""An hour, with the sandbox on one's own machine: scripts and demonstrations make people by the dozen."""
LONGEST_STRIPE_REQUEST_SECONDS: Final = 23
"""Connect 3 s and read 20 s: the longest that one request of the worker to Stripe can live."""


class ConfigProblems(ValueError):
    """One or more settings are missing or wrong; the message lists every one of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(["These settings need attention (.env):", *(f"  - {line}" for line in problems)]))
        self.problems = problems


def setting(read: Callable[[str], Any], default: Any, alias: str | None = None) -> Any:
    """Declare a field that the environment variable of its name in upper case sets."""
    return field(default=default, metadata={"read": read, "alias": alias})


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every setting of the app; `.env.example` explains each by its name in upper case."""

    database_uri: str | None = setting(settings.database_uri, None)
    app_secret_key: str = setting(str, "")
    stripe_secret_key: str | None = setting(str, None)
    stripe_publishable_key: str | None = setting(str, None, alias="STRIPE_PUB_KEY")
    stripe_webhook_secret: str | None = setting(str, None)
    stripe_connect_webhook_secret: str | None = setting(str, None)
    stripe_connect_client_id: str | None = setting(str, None)
    stripe_api_base: str | None = setting(settings.url, None)
    stripe_connect_base: str | None = setting(settings.url, None)
    stripe_js_url: str = setting(settings.url, "https://js.stripe.com/dahlia/stripe.js")
    stripe_quiet_seconds: int = setting(whole(least=1), 300)
    base_url: str = setting(settings.url, "http://127.0.0.1:5000")
    log_level: str = setting(settings.log_level, "INFO")
    proxy_hops: int = setting(whole(most=9), 0)
    mail_server: str | None = setting(str, None)
    mail_port: int = setting(whole(least=1, most=65_535), 587)
    mail_use_tls: bool = setting(settings.flag, default=True)
    mail_username: str | None = setting(str, None)
    mail_password: str | None = setting(str, None)
    mail_default_sender: str = setting(str, "Rando Number <hello@localhost>")
    ratelimit_storage_uri: str | None = setting(str, None)
    registrations_per_hour: int = setting(whole(least=1), 5)
    api_rate_limit: str = setting(settings.rate, "100/second")
    seller: str = setting(str, "Rando Number")
    credit_tiers: tuple[Tier, ...] = setting(settings.tiers, settings.tiers(settings.TIERS))
    free_credits: int = setting(whole(most=1_000_000), 3)
    free_credits_expire_days: int | None = setting(whole(least=1, most=36_500), None)
    refund_window_days: int = setting(whole(), 14)
    refunds_per_month: int = setting(whole(), 3)
    topup_min_cents: int = setting(whole(least=settings.SMALLEST_CHARGE_MINOR), 500)
    topup_max_cents: int = setting(whole(least=settings.SMALLEST_CHARGE_MINOR), 50_000)
    wallet_hold_days: int = setting(whole(most=3_650), 7)
    withdrawal_minimum_cents: int = setting(whole(least=1), 1_000)
    withdrawal_fee_basis_points: int = setting(whole(most=10_000), 0)
    withdrawals_per_day: int = setting(whole(), 5)
    payout_account_delay_hours: int = setting(whole(most=87_600), 24)
    instance_path: Path = field(default=ROOT / "instance")
    testing: bool = False

    @property
    def uses_sandbox(self) -> bool:
        """Whether Stripe's part is played by the sandbox."""
        return self.stripe_api_base is not None

    @property
    def is_https(self) -> bool:
        """Whether people reach the app over https."""
        return self.base_url.startswith("https://")

    @property
    def is_local(self) -> bool:
        """Whether the app is reached on this machine alone: development."""
        return settings.is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def livemode(self) -> bool:
        """Whether the Stripe key moves real money."""
        return (self.stripe_secret_key or "").startswith(("sk_live_", "rk_live_"))

    @property
    def stripe_checkout_origin(self) -> str:
        """Where Stripe's hosted pages are: a form that leads there must be allowed to (Content-Security-Policy)."""
        return self.stripe_api_base or "https://checkout.stripe.com"

    @property
    def stripe_connect_origin(self) -> str:
        """Where Stripe asks the owners of accounts: a form may lead there, too."""
        return self.stripe_connect_base or "https://connect.stripe.com"

    @property
    def stripe_timeouts_seconds(self) -> Mapping[str, tuple[int, int]]:
        """Connect and read time-outs: in a web request, and in the worker (reliability.md section 4)."""
        return {"web": (1, 8), "worker": (3, 20)}

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, *, instance_path: Path | None = None) -> Config:
        """Read every setting from the environment; raises ConfigProblems that names each one that is wrong.

        A setting that is empty counts as not set.
        """
        given, problems = _read(os.environ if environ is None else environ)
        config = _complete(cls(**given, instance_path=instance_path or ROOT / "instance"), given)
        problems += _contradictions(config)
        if problems:
            raise ConfigProblems(problems)
        return config


def names() -> list[str]:
    """Return every environment variable that is a setting, in order."""
    return [item.name.upper() for item in fields(Config) if "read" in item.metadata]


def _read(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    given: dict[str, Any] = {}
    problems: list[str] = []
    for item in fields(Config):
        if "read" not in item.metadata:
            continue
        name = item.name.upper()
        text = environ.get(name, "").strip() or environ.get(item.metadata["alias"] or name, "").strip()
        if not text:
            continue
        try:
            given[item.name] = item.metadata["read"](text)
        except ValueError as error:
            secret = any(word in name for word in ("KEY", "SECRET", "PASSWORD", "URI"))
            problems.append(f"{name}{'' if secret else '=' + text}: {error}")
    return given, problems


def _complete(config: Config, given: Mapping[str, Any]) -> Config:
    """Fill in what follows from other settings."""
    if "stripe_connect_base" not in given:
        config = replace(config, stripe_connect_base=config.stripe_api_base)
    if "wallet_hold_days" not in given and config.uses_sandbox:
        config = replace(config, wallet_hold_days=0)
    if "registrations_per_hour" not in given and config.uses_sandbox and config.is_local:
        config = replace(config, registrations_per_hour=REGISTRATIONS_WHILE_TRYING)
    if not config.app_secret_key and config.is_local:
        config = replace(config, app_secret_key=development_secret(config.instance_path))
    return config


def development_secret(instance_path: Path) -> str:
    """Return this checkout's own secret key, made at the first call; two processes get the same one."""
    file = instance_path / "secret_key"
    if not file.exists():
        instance_path.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(48))
        try:
            file.hardlink_to(draft)
        except FileExistsError:  # another process was first: its secret stands
            pass
        finally:
            draft.unlink()
    return file.read_text().strip()


def _contradictions(config: Config) -> list[str]:
    has_key = bool(config.stripe_secret_key)
    quiet_least = 3 * LONGEST_STRIPE_REQUEST_SECONDS
    checks = [
        (
            len(config.app_secret_key) < SECRET_LENGTH,
            f"APP_SECRET_KEY: at least {SECRET_LENGTH} random characters are needed",
        ),
        (
            not config.is_https and not config.is_local,
            f"BASE_URL={config.base_url}: http is for this machine alone; use https",
        ),
        (
            config.mail_server is None and not config.is_local,
            "MAIL_SERVER: needed where BASE_URL is not this machine",
        ),
        (
            config.uses_sandbox and config.livemode,
            "STRIPE_SECRET_KEY is a live key while STRIPE_API_BASE points to the sandbox: unset one of them",
        ),
        (
            not config.uses_sandbox and config.stripe_quiet_seconds < quiet_least,
            f"STRIPE_QUIET_SECONDS: at least {quiet_least}, three times the longest request",
        ),
        (config.topup_min_cents > config.topup_max_cents, "TOPUP_MIN_CENTS is above TOPUP_MAX_CENTS"),
        (
            has_key and not config.stripe_webhook_secret,
            "STRIPE_WEBHOOK_SECRET: needed with a Stripe key; Stripe's dashboard shows it with the webhook",
        ),
        (
            has_key and not config.stripe_publishable_key,
            "STRIPE_PUBLISHABLE_KEY: needed with a Stripe key; Stripe's dashboard shows it beside the key",
        ),
    ]
    return [problem for is_wrong, problem in checks if is_wrong]
