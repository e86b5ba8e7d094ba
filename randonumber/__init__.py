"""Rando Number: buy credits with Stripe, spend them on random numbers, and keep books that are right to the cent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from randonumber.config import ROOT, Config

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["Config", "create_app"]


def create_app(config: Config, *, stripe_http_client: Any = None) -> Flask:
    """Make the app: the only place where its parts are wired together. `config.database_uri` must be set.

    `stripe_http_client` takes the place of the network: the sandbox in process, in tests. The parts are imported
    here, so that the sandbox and other modules of the package that need no app start without them.
    """
    from flask import Flask
    from jinja2 import StrictUndefined

    from randonumber import extensions, features, web
    from randonumber.database import init_database
    from randonumber.jobs import init_jobs

    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "randonumber" / "static"),
        instance_path=str(config.instance_path.resolve()),
    )
    app.config.update(_flask_settings(config))
    app.extensions["config"] = config
    app.extensions["stripe_http_client"] = stripe_http_client
    app.jinja_env.undefined = StrictUndefined
    init_database(app)
    init_jobs(app)
    extensions.csrf.init_app(app)
    extensions.mail.init_app(app)
    extensions.migrate.init_app(app, _database(app), directory=str(ROOT / "migrations"), compare_type=True)
    web.init_app(app)
    for feature in features.ALL:
        feature.init_app(app)
    return app


def _database(app: Flask) -> Any:
    return app.extensions["sqlalchemy"]


def _flask_settings(config: Config) -> dict[str, Any]:
    from randonumber.database import engine_options

    return {
        "SECRET_KEY": config.app_secret_key,
        "SQLALCHEMY_DATABASE_URI": config.database_uri,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(),
        "SESSION_COOKIE_NAME": "__Host-session" if config.is_https else "session",
        "SESSION_COOKIE_SECURE": config.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "MAX_CONTENT_LENGTH": 512 * 1024,
        "MAX_FORM_MEMORY_SIZE": 512 * 1024,
        "MAX_FORM_PARTS": 200,
        "PREFERRED_URL_SCHEME": "https" if config.is_https else "http",
        "TESTING": config.testing,
        "WTF_CSRF_TIME_LIMIT": None,
        "BOOTSTRAP_SERVE_LOCAL": True,
        "MAIL_SERVER": config.mail_server or "localhost",
        "MAIL_PORT": config.mail_port,
        "MAIL_USE_TLS": config.mail_use_tls,
        "MAIL_USERNAME": config.mail_username,
        "MAIL_PASSWORD": config.mail_password,
        "MAIL_DEFAULT_SENDER": config.mail_default_sender,
        "MAIL_BACKEND": "smtp" if config.mail_server else "file",
        "MAIL_FILE_PATH": str(config.instance_path / "mail"),
    }


def shell_names() -> dict[str, Any]:
    """Return every model by its name, for `flask shell`."""
    from randonumber.database import Base

    return {mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers}
