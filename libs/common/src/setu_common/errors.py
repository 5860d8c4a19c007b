"""Everything that can go wrong, by name.

* SetuError
  * InvalidRequest (422)        · IdempotencyConflict (409) · Conflict (409)
  * Unauthorized (401)          · Forbidden (403)           · NotFound (404)
  * PayloadTooLarge (413)       · TooManyRequests (429, retryable)
  * DependencyUnavailable (503, retryable)
  * DeadlineExceeded (504, retryable)
  * WorkerDied (500, retryable) · InternalError (500)
  * RemoteProblem: what another service said, as it said it

Services add their own by subclassing; the code is stable and documented, the detail says what to do next.
"""

from typing import ClassVar

from setu_common.contracts.problem import FieldProblem, Problem


class SetuError(Exception):
    """An error that a caller can be told.

    Args:
        detail: one or two sentences: what is wrong and what to do next. Never another party's body, never a secret.
        retry_after_s: when it makes sense to come back, seconds.
        errors: the fields at fault.
        context: figures and names worth showing (JSON values).
    """

    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong inside Setu"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        detail: str,
        *,
        retry_after_s: float | None = None,
        errors: list[FieldProblem] | None = None,
        **context: object,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.errors = errors or []
        self.context = context

    def problem(self, request_id: str | None = None) -> Problem:
        """This error as RFC 9457 has it."""
        return Problem(
            type=f"urn:setu:problem:{self.code}",
            title=self.title,
            status=self.status,
            detail=self.detail,
            code=self.code,
            retryable=self.retryable,
            retry_after_s=self.retry_after_s,
            request_id=request_id,
            errors=self.errors,
            context=self.context,
        )


class InvalidRequest(SetuError):
    """The request can't be taken as it is."""

    code = "invalid-request"
    title = "The request can't be taken as it is"
    status = 422


class Unauthorized(SetuError):
    """No valid key or token came with the request."""

    code = "unauthorized"
    title = "No valid key came with the request"
    status = 401


class Forbidden(SetuError):
    """The key is valid, but not for this."""

    code = "forbidden"
    title = "The key does not allow this"
    status = 403


class NotFound(SetuError):
    """No such thing, or not this tenant's."""

    code = "not-found"
    title = "There is no such thing here"
    status = 404


class Conflict(SetuError):
    """The thing's state does not allow this now."""

    code = "conflict"
    title = "The state does not allow this"
    status = 409


class IdempotencyConflict(Conflict):
    """The same idempotency key came with another body."""

    code = "idempotency-conflict"
    title = "This idempotency key was used with another request"


class PayloadTooLarge(SetuError):
    """More bytes than allowed."""

    code = "payload-too-large"
    title = "The body is larger than allowed"
    status = 413


class TooManyRequests(SetuError):
    """Come back later."""

    code = "too-many-requests"
    title = "Too many requests"
    status = 429
    retryable = True


class DependencyUnavailable(SetuError):
    """Something that this service needs does not answer."""

    code = "dependency-unavailable"
    title = "Something that Setu needs does not answer"
    status = 503
    retryable = True


class DeadlineExceeded(SetuError):
    """It took longer than it may."""

    code = "deadline-exceeded"
    title = "It took longer than it may"
    status = 504
    retryable = True


class WorkerDied(SetuError):
    """The process that did the work died under it."""

    code = "worker-died"
    title = "The process that did the work died"
    status = 500
    retryable = True


class InternalError(SetuError):
    """A defect in Setu."""


class RemoteProblem(SetuError):
    """What another service answered, kept as it was."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail, retry_after_s=problem.retry_after_s)
        self._problem = problem

    # The taxonomy's fields are class variables; a remote problem carries its own.
    @property
    def remote(self) -> Problem:
        """The problem as it came."""
        return self._problem

    def problem(self, request_id: str | None = None) -> Problem:
        """The remote problem under our request id."""
        return self._problem.model_copy(update={"request_id": request_id or self._problem.request_id})


def is_retryable(error: BaseException) -> bool:
    """Whether trying again later may help."""
    if isinstance(error, RemoteProblem):
        return error.remote.retryable
    return isinstance(error, SetuError) and error.retryable
