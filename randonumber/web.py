"""The face of every request: safe headers, files, templates, health, and errors in the form the caller reads."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import psycopg
from flask import jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, SecurityError

from randonumber import assets, headers, health, logs, templating
from randonumber.database import db
from randonumber.errors import AppError, InvalidRequest, TryLater

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask, Response
    from flask.typing import ResponseReturnValue

log = logging.getLogger(__name__)
_SERVER_FAULT: Final = 500
_CODES: Final = {
    400: "invalid_request",
    401: "unauthorized",
    402: "insufficient_credits",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "refused",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    429: "rate_limited",
    503: "try_later",
}
_TITLES: Final = {
    400: "That request could not be read",
    401: "Please sign in",
    402: "Not enough credits",
    403: "That is not allowed",
    404: "There is nothing here",
    405: "That does not work this way",
    409: "Not possible right now",
    413: "That is too large",
    429: "A little too fast",
    500: "Something broke on our side",
    503: "Please try again in a moment",
}
_WORDS: Final = {
    404: "The address may be mistyped, or what stood here belongs to another account.",
    405: "This address does not answer that kind of request; nothing has changed.",
    413: "What was sent is larger than this page takes.",
}
_CSRF: Final = "This form was open too long or came from another page. Go back, reload the page and send it again."


def init_app(app: Flask) -> None:
    """Bind headers, files, templates, health and the error handlers."""
    headers.init_app(app)
    assets.init_app(app)
    templating.init_app(app)
    health.init_app(app)
    app.register_error_handler(AppError, answer_app_error)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(OperationalError, _answer_database)
    app.register_error_handler(psycopg.OperationalError, _answer_database)
    app.register_error_handler(InterfaceError, _answer_database)
    app.register_error_handler(PoolTimeout, _answer_database)
    app.register_error_handler(DataError, _answer_unstorable)
    app.register_error_handler(Exception, _answer_bug)


def wants_problem() -> bool:
    """Whether the caller reads problem documents: the API, whoever sent JSON, and whoever asks for it."""
    if request.path.startswith("/api/") or request.is_json:
        return True
    accepted = request.accept_mimetypes
    return bool(accepted) and accepted["application/json"] > accepted["text/html"]


def problem(status: int, code: str, detail: str, **members: Any) -> Response:
    """Return a problem document (RFC 9457)."""
    body = {
        "type": "about:blank",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": members.pop("errors", []),
        "request_id": logs.request_id.get(),
        **members,
    }
    response = jsonify(body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def answer_app_error(error: AppError) -> ResponseReturnValue:
    """Answer what a user caused: a problem document for programs, a page for people."""
    members = {"errors": error.errors, **error.extra}
    return _answer(error.status, error.code, error.detail, error.headers, members)


def _answer(
    status: int,
    code: str,
    detail: str,
    extra_headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> ResponseReturnValue:
    db.session.rollback()
    if wants_problem():
        response = problem(status, code, detail, **members or {})
        response.headers.update(extra_headers or {})
        return response
    page = render_template(
        "error.html",
        status=status,
        title=_TITLES.get(status, "This did not work"),
        detail=detail,
        reference=logs.request_id.get() if status >= _SERVER_FAULT else None,
    )
    return page, status, dict(extra_headers or {})


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:  # an abort that brings its own answer
        db.session.rollback()
        return error.response
    status = error.code or _SERVER_FAULT
    own_words = error.description != type(error).description
    detail = error.description if own_words else _WORDS.get(status, error.description)
    if isinstance(error, CSRFError):
        detail = _CSRF
    if isinstance(error, SecurityError):
        detail = "This site does not answer under that name."
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return _answer(status, _CODES.get(status, "error"), detail or "This did not work.", kept)


def _answer_database(error: Exception) -> ResponseReturnValue:
    log.warning("database_unavailable", extra={"reason": type(error).__name__}, exc_info=error)
    message = "The database does not answer at the moment. Nothing was lost; please try again."
    return answer_app_error(TryLater(message, headers={"Retry-After": "2"}))


def _answer_unstorable(error: DataError) -> ResponseReturnValue:
    """Answer a value that no column takes (a NUL in a text, a number too large): the sender's, wherever it stood."""
    log.error("value_not_storable", extra={"endpoint": request.endpoint}, exc_info=error)
    message = "The request holds a character or a number that cannot be stored."
    return answer_app_error(InvalidRequest(message))


def _answer_bug(error: Exception) -> ResponseReturnValue:
    log.error("unexpected_error", extra={"endpoint": request.endpoint}, exc_info=error)
    message = "We have noted it. Nothing was charged twice; please try again."
    return _answer(_SERVER_FAULT, "internal_error", message)
