"""From a request to its answer: faults, idempotency, the operation in one transaction, the checked answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from flask import Response
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import http_date
from werkzeug.wrappers import Request

from randonumber.sandbox import clock, faults
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.scope import Json, Sandbox, Scope, unit
from randonumber.sandbox.wire import idempotency, keys
from randonumber.sandbox.wire.errors import Refused, Unchecked, envelope, fields, unchecked
from randonumber.sandbox.wire.expand import Included, expand
from randonumber.sandbox.wire.redaction import redacted
from randonumber.sandbox.wire.request import VERSION, Call, identify, read

Handler = Callable[..., Json]
KEPT_REQUESTS = 2000
SHOWN_CHARACTERS = 20_000


class InvalidAnswer(Exception):
    """A strict sandbox was about to give an answer that Stripe's description does not allow."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A status and a body, on their way out."""

    status: int
    body: str
    original_request: str | None = None
    fault: faults.Fault | None = None
    holds_key: bool = False


@dataclass(frozen=True, kw_only=True)
class Api:
    """The operations offered, by name, and the fields that are included on demand."""

    handlers: Mapping[str, Handler]
    included: Included

    def respond(self, sandbox: Sandbox, request: Request) -> Response:
        """Return the answer to any request below `/v1/`."""
        request_id = new_id("request")
        log_url = f"{(sandbox.base_url or request.host_url).rstrip('/')}/dashboard/requests/{request_id}"
        call = None
        try:
            call = identify(sandbox, request, request_id)
            answer = self.answer(sandbox, request, call, log_url)
        except Refused as refused:
            answer = refusal(refused, log_url)
            note(sandbox, request, call, request_id, answer)
        except RequestEntityTooLarge:
            answer = refusal(unchecked("The request body is too large.", status=413), log_url)
        return written(sandbox, request, call, request_id, answer)

    def answer(self, sandbox: Sandbox, request: Request, call: Call, log_url: str) -> Answer:
        """Return the answer to a request for an operation that exists. Raises Refused for what is refused unrun."""
        transport = planned(sandbox, call)
        if transport and transport.kind in faults.BEFORE:
            return struck(transport, call, log_url)
        params = read(request, call)
        key = call.idempotency_key
        if key is not None:
            idempotency.claim(sandbox, call.account, key)
        try:
            answer = self.run(sandbox, request, call, params, log_url)
        except BaseException:
            if key is not None:
                idempotency.release(sandbox, call.account, key)
            raise
        return replace(answer, fault=transport, holds_key=key is not None)

    def run(self, sandbox: Sandbox, request: Request, call: Call, params: Json, log_url: str) -> Answer:
        """Replay what is kept under the key, or run the operation and keep its answer, in one transaction."""
        print_ = idempotency.fingerprint(request.method, call.path, params)
        with unit(
            sandbox,
            call.account,
            base_url=request.host_url,
            key=call.key,
            request_id=call.request_id,
            idempotency_key=call.idempotency_key,
        ) as scope:
            kept = idempotency.recall(scope, call.idempotency_key, print_) if call.idempotency_key else None
            if kept:
                replay = Answer(status=kept.status, body=kept.body, original_request=kept.request_id)
                log(scope, request, call.request_id, call.operation.name, params, replay)
                return replay
            fault = faults.take(scope.store, call.operation.name, faults.OF_EXECUTION, f"{request.method} {call.path}")
            answer = (
                broken(log_url) if fault and fault.kind == "error_500" else self.execute(scope, call, params, log_url)
            )
            scope.run_later()
            if fault and fault.kind == "error_500_done":
                answer = broken(log_url)
            if call.idempotency_key:
                seconds = fault.seconds if fault and fault.kind == "key_ttl" else None
                remember(scope, call, print_, answer, seconds)
            log(scope, request, call.request_id, call.operation.name, params, answer)
            return answer

    def execute(self, scope: Scope, call: Call, params: Json, log_url: str) -> Answer:
        """Run the handler; what it did before a refusal is undone unless the refusal says that it stays."""
        paths = params.pop("expand", [])
        try:
            with scope.undone_if_raised():
                body = self.handlers[call.operation.name](scope, params, **call.ids)
                expand(scope, body, paths, self.included)
                status = 200
        except Unchecked:
            raise
        except Refused as refused:
            status, body = refused.status, envelope(refused.fields, log_url=log_url)
        check(scope.sandbox, call, status, body)
        return Answer(status=status, body=json.dumps(body))


def planned(sandbox: Sandbox, call: Call) -> faults.Fault | None:
    """Return a fault of the connection planned for this operation, used up by it."""
    kinds = faults.BEFORE | faults.ON_THE_WAY_BACK
    verb = call.operation.name.partition(" ")[0]
    with sandbox.store.transaction():
        return faults.take(sandbox.store, call.operation.name, kinds, f"{verb} {call.path}")


def struck(fault: faults.Fault, call: Call, log_url: str) -> Answer:
    """Return the answer to a request that is not run: a cut line, or a refusal that is kept under no key."""
    refused = {
        "error_401": lambda: keys.expired(call.key),
        "error_403": lambda: keys.lacks_permission(call.key, call.account, call.operation.name),
        "error_409": idempotency.in_use,
        "error_429": too_many,
    }.get(fault.kind)
    return refusal(refused(), log_url) if refused else Answer(status=500, body="{}", fault=fault)


def too_many() -> Unchecked:
    """Stripe's 429."""
    return unchecked(
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        code="rate_limit",
        status=429,
    )


def broken(log_url: str) -> Answer:
    """Stripe's 500."""
    trouble = fields(
        "An unknown error occurred. If you have any questions, we can help at https://support.stripe.com/.",
        param=None,
        code=None,
        kind="api_error",
    )
    return refusal(Refused(500, trouble), log_url)


def refusal(refused: Refused, log_url: str) -> Answer:
    """Return an error as an answer."""
    return Answer(status=refused.status, body=json.dumps(envelope(refused.fields, log_url=log_url)))


def remember(scope: Scope, call: Call, print_: str, answer: Answer, seconds: float | None) -> None:
    """Keep an answer under its key, for a day or as long as a fault says."""
    kept = idempotency.Kept(status=answer.status, body=answer.body, request_id=call.request_id)
    lifetime = idempotency.KEY_SECONDS if seconds is None else seconds
    idempotency.keep(scope, call.idempotency_key or "", print_, kept, seconds=lifetime)


def check(sandbox: Sandbox, call: Call, status: int, body: Any) -> None:
    """In a strict sandbox, hold an answer against Stripe's description. Raises InvalidAnswer."""
    if sandbox.strict:
        complaint = sandbox.answers.complaint(call.operation, status, body)
        if complaint:
            raise InvalidAnswer(f"{call.operation.name} ({status}): {complaint}")


def note(sandbox: Sandbox, request: Request, call: Call | None, request_id: str, answer: Answer) -> None:
    """Log a request that was refused before it ran."""
    name = call.operation.name if call else f"{request.method} {request.path[:200]}"
    with unit(sandbox, call.account if call else "") as scope:
        log(scope, request, request_id, name, {}, answer)


def log(scope: Scope, request: Request, request_id: str, name: str, params: Json, answer: Answer) -> None:
    """Write a request down for the dashboard; the oldest are dropped."""
    cursor = scope.store.run(
        "INSERT INTO requests (id, account, at, operation, params, key, status, answer) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        request_id, scope.account, clock.real_now(), name, json.dumps(redacted(params)),
        request.headers.get("Idempotency-Key"), answer.status, answer.body[:SHOWN_CHARACTERS],
    )  # fmt: skip
    if answer.original_request:
        scope.store.run("INSERT INTO replays VALUES (?, ?)", request_id, answer.original_request)
    if cursor.lastrowid and cursor.lastrowid % 100 == 0:
        scope.store.run("DELETE FROM requests WHERE seq <= ?", cursor.lastrowid - KEPT_REQUESTS)
        scope.store.run("DELETE FROM replays WHERE request_id NOT IN (SELECT id FROM requests)")
        idempotency.forget_the_old(scope)


def written(sandbox: Sandbox, request: Request, call: Call | None, request_id: str, answer: Answer) -> Response:
    """Return the answer with Stripe's headers, and with the fault that the server or the client in process acts out."""
    response = Response(answer.body + "\n", status=answer.status, mimetype="application/json")
    response.headers["Request-Id"] = request_id
    response.headers["Date"] = http_date(clock.real_now())
    response.headers["Cache-Control"] = "no-cache, no-store"
    asked = request.headers.get("Stripe-Version", "")
    response.headers["Stripe-Version"] = asked if VERSION.match(asked) else sandbox.description.version
    if call and call.idempotency_key is not None:
        response.headers["Idempotency-Key"] = call.idempotency_key
        response.headers["Original-Request"] = answer.original_request or request_id
    if call and answer.holds_key:
        response.call_on_close(lambda: idempotency.release(sandbox, call.account, call.idempotency_key or ""))
    if answer.original_request:
        response.headers["Idempotent-Replayed"] = "true"
    if answer.fault:
        response.headers["Sandbox-Fault"] = answer.fault.kind
        response.headers["Sandbox-Fault-Seconds"] = str(answer.fault.seconds or 0)
    return response


def as_envelope(message: str, status: int) -> Response:
    """Put anything that went wrong outside an operation into Stripe's envelope."""
    kind = "api_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    found = fields(message, param=None, code=None, kind=kind)
    return Response(json.dumps({"error": found}, indent=2), status=status, mimetype="application/json")
