"""What a user can cause. Everything else that is raised is a bug and becomes a 500 with a request id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class AppError(Exception):
    """A refusal with a status and a code for programs, and a sentence for people.

    `errors` names fields (`{"field": …, "message": …}`); `extra` are further members of the problem document
    (RFC 9457), for example `credits_left`; `headers` go out with the answer.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid_request"

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = [dict(error) for error in errors]
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


class InvalidRequest(AppError):
    """The request cannot be understood; `errors` say which field and why."""


class Unauthorized(AppError):
    """Nobody is signed in and no valid key was sent."""

    status = 401
    code = "unauthorized"


class InsufficientCredits(AppError):
    """The credits left do not pay for what was asked."""

    status = 402
    code = "insufficient_credits"


class Forbidden(AppError):
    """Signed in, and not allowed to do this."""

    status = 403
    code = "forbidden"


class AccountBarred(AppError):
    """A debt stands or the account is disabled."""

    status = 403
    code = "account_barred"


class ReauthenticationRequired(AppError):
    """The sign-in is too old for this."""

    status = 403
    code = "reauthentication_required"


class NotFound(AppError):
    """No such thing, or somebody else's."""

    status = 404
    code = "not_found"


class InProgress(AppError):
    """The same request is being worked on at this moment."""

    status = 409
    code = "in_progress"


class Refused(AppError):
    """Understood and not possible now; `extra["reasons"]` says why."""

    status = 409
    code = "refused"


class IdempotencyMismatch(AppError):
    """The same Idempotency-Key came with another body."""

    status = 422
    code = "idempotency_mismatch"


class RateLimited(AppError):
    """Too many requests; `Retry-After` says how long to wait."""

    status = 429
    code = "rate_limited"


class TryLater(AppError):
    """Something that is needed does not answer; nothing was lost."""

    status = 503
    code = "try_later"
