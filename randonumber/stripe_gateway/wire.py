"""One request to Stripe through its SDK: time-outs, breaker, and each way to fail as one of our errors.

The SDK pins the version of the API. Its own retries are off: the journal of calls decides what is sent again.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, NoReturn, cast
from urllib.parse import urlsplit

from flask import has_request_context

from randonumber.database import refuse_inside_transaction
from randonumber.settings import is_loopback
from randonumber.stripe_gateway import breaker
from randonumber.stripe_gateway.breaker import Breaker, Places
from randonumber.stripe_gateway.errors import (
    StripeDenied,
    StripeKeyReused,
    StripeNotFound,
    StripeRefused,
    StripeUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import stripe

    from randonumber.stripe_gateway.outage import SharedBreaker

log = logging.getLogger(__name__)

UNAUTHORIZED, PAYMENT_REQUIRED, FORBIDDEN, NOT_FOUND, BAD_REQUEST = 401, 402, 403, 404, 400
LATER_CODES = frozenset({"lock_timeout", "rate_limit", "idempotency_key_in_use"})
"""Codes that mean "again later" whatever the status is: Stripe once sent rate limits as 400."""
TAKEN_BY_THE_SDK = frozenset(
    {"usage", "base", "api_key", "stripe_version", "stripe_context", "content_type", "headers"}
)
"""Names that the SDK's `raw_request` takes for options of its own: as parameters they would never reach Stripe."""


class Wire:
    """The connection to Stripe of one app. `http_client` takes the place of the network (the sandbox in process)."""

    def __init__(
        self,
        *,
        key: str | None,
        base: str | None,
        connect_base: str | None = None,
        timeouts_seconds: Mapping[str, tuple[int, int]],
        web_threads: int,
        http_client: Any = None,
        web_breaker: SharedBreaker | None = None,
    ) -> None:
        self._key = key
        self._bases = {name: given for name, given in {"api": base, "connect": connect_base}.items() if given}
        self._timeouts_seconds = timeouts_seconds
        self._http_client = http_client
        self._breakers: dict[str, Breaker | SharedBreaker] = {
            "web": web_breaker or Breaker(failures=breaker.WEB_FAILURES, retry_seconds=breaker.WEB_RETRY_SECONDS),
            "worker": Breaker(failures=breaker.WORKER_FAILURES, retry_seconds=breaker.WORKER_RETRY_SECONDS),
        }
        self._places = Places(web_threads)
        self.answered_on: str | None = None
        self._clients: dict[str, stripe.StripeClient] = {}

    @property
    def is_silent(self) -> bool:
        """Whether the caller's breaker is open: nobody who waits for Stripe, or for one who asks it, gets an answer."""
        return self._breakers["web" if has_request_context() else "worker"].is_open

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        stripe_account: str | None = None,
        base: str = "api",
    ) -> dict[str, Any]:
        """Send one request and return the object that Stripe answers with, as it came.

        `base` "connect" is where Stripe answers OAuth, with bodies that are no objects of its API.

        Raises StripeUnavailable, StripeDenied, StripeKeyReused, StripeRefused, StripeNotFound, and TransactionOpen;
        ValueError for a parameter that could not be sent.
        """
        refuse_inside_transaction()
        if lost := TAKEN_BY_THE_SDK.intersection(params or ()):
            reason = f"the SDK would keep {sorted(lost)} to itself"
            raise ValueError(reason)
        options = {"idempotency_key": idempotency_key, "stripe_account": stripe_account}
        options["base"] = None if base == "api" else base
        given = {**(params or {}), **{name: value for name, value in options.items() if value is not None}}
        if not has_request_context():
            return self._guarded("worker", method, path, given)
        with self._places.take():
            return self._guarded("web", method, path, given)

    def _guarded(self, patience: str, method: str, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Ask behind the breaker: only a request that brings no answer counts against Stripe."""
        guard = self._breakers[patience]
        client = self._client(patience)
        guard.enter()
        is_answered = False
        try:
            found, self.answered_on = _ask(client, method, path, params)
            is_answered = True
        except StripeUnavailable as error:
            is_answered = error.status is not None
            raise
        except StripeRefused:
            is_answered = True
            raise
        finally:
            guard.answered() if is_answered else guard.failed()
        return found

    def _client(self, patience: str) -> stripe.StripeClient:
        """Return the SDK's client with this patience; made once."""
        if patience not in self._clients:
            self._clients[patience] = self._make_client(patience)
        return self._clients[patience]

    def _make_client(self, patience: str) -> stripe.StripeClient:
        import stripe
        from stripe import RequestsClient

        # The SDK logs addresses with their queries, and so a customer's: what is worth logging is logged here.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        if not self._key:
            reason = "no Stripe key is set"
            raise StripeUnavailable(reason, was_sent=False)
        transport = self._http_client or RequestsClient(
            timeout=self._timeouts_seconds[patience], session=self._loopback_session()
        )
        return stripe.StripeClient(
            self._key,
            base_addresses=cast("Any", self._bases) or None,
            http_client=transport,
            max_network_retries=0,
        )

    def _loopback_session(self) -> Any:
        """Return a session that passes by the environment's proxies when Stripe's part is played on this machine."""
        if "api" not in self._bases or not is_loopback(urlsplit(self._bases["api"]).hostname or ""):
            return None
        import requests

        session = requests.Session()
        session.trust_env = False
        return session


def _ask(
    client: stripe.StripeClient, method: str, path: str, params: Mapping[str, Any]
) -> tuple[dict[str, Any], str | None]:
    """Return the object that Stripe answers with, and the time of its answer as the `Date` header has it."""
    import stripe

    began = time.monotonic()
    facts: dict[str, Any] = {"method": method, "path": path}
    try:
        response = client.raw_request(method, path, **params)
    except stripe.APIConnectionError as error:
        cause = type(error.__cause__ or error).__name__
        log.warning("stripe_unreachable", extra={**facts, "reason": cause, "ms": _since(began)})
        reason = f"no answer: {cause}"
        raise StripeUnavailable(reason) from error
    except (UnicodeDecodeError, AttributeError) as error:  # the SDK trips over a body that is no text or no envelope
        log.warning("stripe_unreadable", extra={**facts, "ms": _since(began)})
        reason = "an answer that is no text"
        raise StripeUnavailable(reason) from error
    except stripe.StripeError as error:
        if "base" in params:
            _read_oauth(error)
        code = _code(error)
        facts |= {"status": error.http_status, "code": code, "stripe_request_id": error.request_id}
        log.warning("stripe_answered_error", extra={**facts, "ms": _since(began)})
        _translate(error, code)
    facts |= {"stripe_request_id": response.request_id, "ms": _since(began)}
    log.info("stripe_answered", extra=facts)
    body = response.data
    is_object = isinstance(body, dict) and ("object" in body or "base" in params)
    if not is_object:
        reason = "an answer that is no object of Stripe's"
        raise StripeUnavailable(reason, status=response.code)
    return body, response.headers.get("Date")


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _is_stripes(error: stripe.StripeError) -> bool:
    """Whether the body is Stripe's envelope: a refusal by something in between settles nothing."""
    return _envelope(error) is not None


def _code(error: stripe.StripeError) -> str | None:
    """Return the error's code; the SDK leaves it out of some of its exceptions."""
    inner = _envelope(error)
    code = error.code if inner is None else inner.get("code")
    return code if isinstance(code, str) else None


def _decline_code(error: stripe.StripeError) -> str | None:
    code = (_envelope(error) or {}).get("decline_code")
    return code if isinstance(code, str) else None


def _envelope(error: stripe.StripeError) -> dict[str, Any] | None:
    body: Any = error.json_body
    inner = body.get("error") if isinstance(body, dict) else None
    return inner if isinstance(inner, dict) else None


def _read_oauth(error: stripe.StripeError) -> None:
    """Put the envelope of OAuth into the form of the API's (https://docs.stripe.com/connect/oauth-reference)."""
    body: Any = error.json_body
    if isinstance(body, dict) and isinstance(body.get("error"), str):
        envelope = {"code": body["error"], "message": body.get("error_description")}
        error.json_body = {"error": envelope}


def _translate(error: stripe.StripeError, code: str | None) -> NoReturn:
    import stripe

    status = error.http_status
    message = error.user_message or (_envelope(error) or {}).get("message") or "Stripe refused without a reason"
    if isinstance(error, stripe.IdempotencyError) and code not in LATER_CODES:
        raise StripeKeyReused(message, status=status, code=code) from error
    if status in {UNAUTHORIZED, FORBIDDEN}:
        raise StripeDenied(message, status=status, code=code) from error
    if status in {BAD_REQUEST, PAYMENT_REQUIRED, NOT_FOUND} and code not in LATER_CODES and _is_stripes(error):
        refusal = StripeNotFound if status == NOT_FOUND else StripeRefused
        param = getattr(error, "param", None)
        raise refusal(message, code=code, param=param, status=status, decline_code=_decline_code(error)) from error
    reason = f"status {status}" if code is None else f"status {status}, {code}"
    raise StripeUnavailable(reason, status=status, code=code) from error
