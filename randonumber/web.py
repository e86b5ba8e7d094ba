"""What every answer has: a request id, safe headers, and errors in the form that the caller reads."""

from __future__ import annotations

import logging
import re
import secrets
from typing import TYPE_CHECKING, Any

from flask import g, jsonify, render_template, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from randonumber import logs
from randonumber.database import db
from randonumber.errors import AppError, TryLater

if TYPE_CHECKING:
    from flask import Flask, Response
    from flask.typing import ResponseReturnValue

log = logging.getLogger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "refused",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "try_later",
}


def init_app(app: Flask) -> None:
    """Bind the request id, the headers and the error handlers."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(AppError, answer_app_error)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(OperationalError, _answer_database)
    app.register_error_handler(PoolTimeout, _answer_database)
    app.register_error_handler(Exception, _answer_bug)


def wants_problem() -> bool:
    """Whether the caller reads problem documents: the API, and whoever sent JSON."""
    return request.path.startswith("/api/") or request.is_json


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
    db.session.rollback()
    if wants_problem():
        response = problem(error.status, error.code, error.detail, errors=error.errors, **error.extra)
        response.headers.update(error.headers)
        return response
    return render_template("error.html", status=error.status, detail=error.detail), error.status, error.headers


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    logs.request_id.set(g.request_id)


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:  # an abort that brings its own answer
        return error.response
    db.session.rollback()
    status = error.code or 500
    detail = error.description or "This did not work."
    headers = {"Allow": ", ".join(sorted(error.valid_methods))} if getattr(error, "valid_methods", None) else {}
    if wants_problem():
        response = problem(status, _CODES.get(status, "error"), detail)
        response.headers.update(headers)
        return response
    return render_template("error.html", status=status, detail=detail), status, headers


def _answer_database(error: Exception) -> ResponseReturnValue:
    log.warning("database_unavailable", extra={"reason": type(error).__name__}, exc_info=error)
    message = "The database does not answer at the moment. Nothing was lost; please try again."
    return answer_app_error(TryLater(message, headers={"Retry-After": "2"}))


def _answer_bug(error: Exception) -> ResponseReturnValue:
    log.error("unexpected_error", exc_info=error)
    db.session.rollback()
    message = "Something broke on our side. Nothing was charged twice; please try again."
    if wants_problem():
        return problem(500, "internal_error", message)
    return render_template("error.html", status=500, detail=message), 500
