"""Settings: read from the environment once, checked whole, then frozen.

Every problem is reported in one message, so that a newcomer mends a wrong `.env` in one go.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

ROOT: Final = Path(__file__).resolve().parent.parent
TIERS: Final = "1:100,10:90,100:70,1000:50"
SMALLEST_CHARGE_MINOR: Final = 50
"""Stripe refuses a charge below 0.50 USD: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts"""
LONGEST_REQUEST_SECONDS: Final = 23
"""Connect 3 s and read 20 s: the longest that one request of the worker to Stripe can live."""


class ConfigProblems(ValueError):
    """One or more settings are missing or wrong; the message lists every one of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(["These settings need attention (.env):", *(f"  - {line}" for line in problems)]))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Tier:
    """From `quantity` credits on, one credit costs `unit_price_minor` cents."""

    quantity: int
    unit_price_minor: int


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every setting of the app; `.env.example` explains each by its name in upper case."""

    database_uri: str | None = None
    app_secret_key: str
    stripe_secret_key: str | None = None
    stripe_publishable_key: str | None = None
    stripe_webhook_secret: str | None = None
    stripe_connect_webhook_secret: str | None = None
    stripe_connect_client_id: str | None = None
    stripe_api_base: str | None = None
    stripe_connect_base: str | None = None
    stripe_js_url: str = "https://js.stripe.com/v3/"
    stripe_checkout_origin: str = "https://checkout.stripe.com"
    stripe_quiet_seconds: int = 300
    base_url: str = "http://127.0.0.1:5000"
    mail_server: str | None = None
    mail_port: int = 587
    mail_use_tls: bool = True
    mail_username: str | None = None
    mail_password: str | None = None
    mail_default_sender: str = "Rando Number <hello@localhost>"
    ratelimit_storage_uri: str | None = None
    api_rate_limit: str = "100/second"
    credit_tiers: tuple[Tier, ...] = ()
    free_credits: int = 3
    free_credits_expire_days: int | None = None
    refund_window_days: int = 14
    refunds_per_month: int = 3
    topup_min_cents: int = 500
    topup_max_cents: int = 50_000
    wallet_hold_days: int = 7
    withdrawal_minimum_cents: int = 1_000
    withdrawal_fee_basis_points: int = 0
    withdrawals_per_day: int = 5
    payout_account_delay_hours: int = 24
    instance_path: Path = field(default=ROOT / "instance")
    testing: bool = False

    @property
    def uses_sandbox(self) -> bool:
        """Whether Stripe is somewhere else than at Stripe: the sandbox."""
        return self.stripe_api_base is not None

    @property
    def is_https(self) -> bool:
        """Whether people reach the app over https."""
        return self.base_url.startswith("https://")

    @property
    def is_local(self) -> bool:
        """Whether the app is reached on this machine alone: development."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def livemode(self) -> bool:
        """Whether the Stripe key moves real money."""
        return _is_live(self.stripe_secret_key or "")

    @property
    def stripe_timeouts_seconds(self) -> Mapping[str, tuple[int, int]]:
        """Connect and read time-outs: in a web request, and in the worker (reliability.md section 4)."""
        return {"web": (1, 8), "worker": (3, 20)}

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, *, instance_path: Path | None = None) -> Config:
        """Read every setting from the environment; raises ConfigProblems that names each one that is wrong."""
        reader = _Reader(os.environ if environ is None else environ)
        instance = instance_path or ROOT / "instance"
        values = _read(reader, instance)
        config = cls(**values, instance_path=instance)
        problems = [*reader.problems, *_contradictions(config)]
        if problems:
            raise ConfigProblems(problems)
        return config


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def parse_tiers(text: str) -> tuple[Tier, ...]:
    """Read `1:100,10:90` as tiers. Raises ValueError with a sentence when the table makes no sense.

    Quantities rise from 1, prices fall, and no purchase costs less than Stripe charges.
    """
    if not re.fullmatch(r"\d{1,9}:\d{1,9}(,\d{1,9}:\d{1,9})*", text):
        message = "write quantity:cents pairs, such as " + TIERS
        raise ValueError(message)
    pairs = [tuple(map(int, pair.split(":"))) for pair in text.split(",")]
    tiers = tuple(Tier(quantity=quantity, unit_price_minor=price) for quantity, price in pairs)
    if tiers[0].quantity != 1:
        message = "the first quantity must be 1"
        raise ValueError(message)
    steps = list(zip(tiers, tiers[1:], strict=False))
    if any(low.quantity >= high.quantity or low.unit_price_minor <= high.unit_price_minor for low, high in steps):
        message = "quantities must rise and prices fall"
        raise ValueError(message)
    if any(tier.quantity * tier.unit_price_minor < SMALLEST_CHARGE_MINOR for tier in tiers):
        message = f"no purchase may cost less than {SMALLEST_CHARGE_MINOR} cents"
        raise ValueError(message)
    return tiers


class _Reader:
    """Reads one variable after another and keeps every problem."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str, *aliases: str) -> str | None:
        return next((value for key in (name, *aliases) if (value := self._environ.get(key, "").strip())), None)

    def convert(self, name: str, default: T, convert: Callable[[str], T]) -> T:
        value = self.text(name)
        if value is None:
            return default
        try:
            return convert(value)
        except ValueError as error:
            self.problems.append(f"{name}={value}: {error}")
            return default

    def number(self, name: str, default: int, *, least: int = 0, most: int = 10**9) -> int:
        def convert(text: str) -> int:
            if not re.fullmatch(r"\d{1,10}", text) or not least <= int(text) <= most:
                message = f"a whole number from {least} to {most} is needed"
                raise ValueError(message)
            return int(text)

        return self.convert(name, default, convert)

    def flag(self, name: str, *, default: bool) -> bool:
        def convert(text: str) -> bool:
            if text.lower() not in {"true", "false", "1", "0", "yes", "no"}:
                message = "write true or false"
                raise ValueError(message)
            return text.lower() in {"true", "1", "yes"}

        return self.convert(name, default, convert)

    def url(self, name: str, default: str | None = None) -> str | None:
        def convert(text: str) -> str | None:
            parts = urlsplit(text)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                message = "a URL such as https://example.com is needed"
                raise ValueError(message)
            return text.rstrip("/") if parts.path in {"", "/"} else text

        return self.convert(name, default, convert)


class _Values(TypedDict, total=False):
    """The keyword arguments of Config that the environment gives."""

    database_uri: str | None
    app_secret_key: str
    stripe_secret_key: str | None
    stripe_publishable_key: str | None
    stripe_webhook_secret: str | None
    stripe_connect_webhook_secret: str | None
    stripe_connect_client_id: str | None
    stripe_api_base: str | None
    stripe_connect_base: str | None
    stripe_js_url: str
    stripe_checkout_origin: str
    stripe_quiet_seconds: int
    base_url: str
    mail_server: str | None
    mail_port: int
    mail_use_tls: bool
    mail_username: str | None
    mail_password: str | None
    mail_default_sender: str
    ratelimit_storage_uri: str | None
    api_rate_limit: str
    credit_tiers: tuple[Tier, ...]
    free_credits: int
    free_credits_expire_days: int | None
    refund_window_days: int
    refunds_per_month: int
    topup_min_cents: int
    topup_max_cents: int
    wallet_hold_days: int
    withdrawal_minimum_cents: int
    withdrawal_fee_basis_points: int
    withdrawals_per_day: int
    payout_account_delay_hours: int


def _read(reader: _Reader, instance: Path) -> _Values:
    base_url = reader.url("BASE_URL", Config.base_url) or Config.base_url
    return {
        **_read_stripe(reader),
        **_read_mail(reader),
        **_read_business(reader, sandbox=reader.text("STRIPE_API_BASE") is not None),
        "database_uri": reader.convert("DATABASE_URI", None, database_uri),
        "app_secret_key": reader.text("APP_SECRET_KEY") or _development_secret(instance, base_url),
        "base_url": base_url,
        "ratelimit_storage_uri": reader.text("RATELIMIT_STORAGE_URI"),
        "api_rate_limit": reader.convert("API_RATE_LIMIT", Config.api_rate_limit, _rate),
    }


def _read_stripe(reader: _Reader) -> _Values:
    api_base = reader.url("STRIPE_API_BASE")
    return {
        "stripe_secret_key": reader.text("STRIPE_SECRET_KEY"),
        "stripe_publishable_key": reader.text("STRIPE_PUBLISHABLE_KEY", "STRIPE_PUB_KEY"),
        "stripe_webhook_secret": reader.text("STRIPE_WEBHOOK_SECRET"),
        "stripe_connect_webhook_secret": reader.text("STRIPE_CONNECT_WEBHOOK_SECRET"),
        "stripe_connect_client_id": reader.text("STRIPE_CONNECT_CLIENT_ID"),
        "stripe_api_base": api_base,
        "stripe_connect_base": reader.url("STRIPE_CONNECT_BASE", api_base),
        "stripe_js_url": reader.url("STRIPE_JS_URL", Config.stripe_js_url) or Config.stripe_js_url,
        "stripe_checkout_origin": api_base or Config.stripe_checkout_origin,
        "stripe_quiet_seconds": reader.number("STRIPE_QUIET_SECONDS", Config.stripe_quiet_seconds, least=1),
    }


def _read_mail(reader: _Reader) -> _Values:
    return {
        "mail_server": reader.text("MAIL_SERVER"),
        "mail_port": reader.number("MAIL_PORT", Config.mail_port, least=1, most=65535),
        "mail_use_tls": reader.flag("MAIL_USE_TLS", default=Config.mail_use_tls),
        "mail_username": reader.text("MAIL_USERNAME"),
        "mail_password": reader.text("MAIL_PASSWORD"),
        "mail_default_sender": reader.text("MAIL_DEFAULT_SENDER") or Config.mail_default_sender,
    }


def _read_business(reader: _Reader, *, sandbox: bool) -> _Values:
    expire_days = reader.number("FREE_CREDITS_EXPIRE_DAYS", 0, most=36_500)
    return {
        "credit_tiers": reader.convert("CREDIT_TIERS", parse_tiers(TIERS), parse_tiers),
        "free_credits": reader.number("FREE_CREDITS", Config.free_credits, most=1_000_000),
        "free_credits_expire_days": expire_days or None,
        "refund_window_days": reader.number("REFUND_WINDOW_DAYS", Config.refund_window_days),
        "refunds_per_month": reader.number("REFUNDS_PER_MONTH", Config.refunds_per_month),
        "topup_min_cents": reader.number("TOPUP_MIN_CENTS", Config.topup_min_cents, least=SMALLEST_CHARGE_MINOR),
        "topup_max_cents": reader.number("TOPUP_MAX_CENTS", Config.topup_max_cents, least=SMALLEST_CHARGE_MINOR),
        "wallet_hold_days": reader.number("WALLET_HOLD_DAYS", 0 if sandbox else Config.wallet_hold_days),
        "withdrawal_minimum_cents": reader.number("WITHDRAWAL_MINIMUM_CENTS", Config.withdrawal_minimum_cents, least=1),
        "withdrawal_fee_basis_points": reader.number("WITHDRAWAL_FEE_BASIS_POINTS", 0, most=10_000),
        "withdrawals_per_day": reader.number("WITHDRAWALS_PER_DAY", Config.withdrawals_per_day),
        "payout_account_delay_hours": reader.number("PAYOUT_ACCOUNT_DELAY_HOURS", Config.payout_account_delay_hours),
    }


def database_uri(text: str) -> str:
    """Return the URI in SQLAlchemy's form for psycopg 3; `postgres://` is understood. Raises ValueError."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        message = "only PostgreSQL 15 or newer is supported: write postgresql://…, or leave it empty"
        raise ValueError(message)
    return f"postgresql+psycopg://{rest}"


def _rate(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,6}/(second|minute|hour|day)", text):
        message = "write a number and a unit, such as 100/second"
        raise ValueError(message)
    return text


def _is_live(key: str) -> bool:
    return key.startswith(("sk_live_", "rk_live_"))


def _development_secret(instance: Path, base_url: str) -> str:
    """Return this checkout's own secret, made once; empty where the app is not local: there it must be given."""
    if not is_loopback(urlsplit(base_url).hostname or ""):
        return ""
    file = instance / "secret_key"
    if not file.exists():
        instance.mkdir(parents=True, exist_ok=True)
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
    checks = [
        (len(config.app_secret_key) < 32, "APP_SECRET_KEY: at least 32 random characters are needed"),
        (
            not config.is_https and not config.is_local,
            f"BASE_URL={config.base_url}: http is for this machine alone; use https",
        ),
        (config.mail_server is None and not config.is_local, "MAIL_SERVER: needed where BASE_URL is not this machine"),
        (
            config.uses_sandbox and config.livemode,
            "STRIPE_SECRET_KEY is a live key while STRIPE_API_BASE points to the sandbox: unset one of them",
        ),
        (
            config.stripe_quiet_seconds < 3 * LONGEST_REQUEST_SECONDS and not config.uses_sandbox,
            f"STRIPE_QUIET_SECONDS: at least {3 * LONGEST_REQUEST_SECONDS}, three times the longest request",
        ),
        (
            config.topup_min_cents > config.topup_max_cents,
            "TOPUP_MIN_CENTS is above TOPUP_MAX_CENTS",
        ),
        (
            bool(config.stripe_secret_key) and not config.stripe_webhook_secret,
            "STRIPE_WEBHOOK_SECRET: needed with a Stripe key, from the webhook's page in Stripe's dashboard",
        ),
        (
            bool(config.stripe_secret_key) and not config.stripe_publishable_key,
            "STRIPE_PUBLISHABLE_KEY: needed with a Stripe key, from Stripe's page of API keys",
        ),
    ]
    return [problem for is_wrong, problem in checks if is_wrong]
