"""What a provider's HTTP status says, where its body does not say more."""

from datetime import UTC, datetime
from typing import Final

from setu_common.errors import SetuError
from setu_common.http import AnswerLate, never_reached, parse_retry_after
from setu_common.llm.errors import (
    LlmContextTooLong,
    LlmInvalidOutput,
    LlmModelUnknown,
    LlmOverloaded,
    LlmQuotaExhausted,
    LlmRateLimited,
    LlmRequestRefused,
    LlmUnauthorized,
    LlmUnavailable,
)

TOO_LARGE: Final = 413
_PASSING: Final = frozenset({408, 409, 425})
_OVERLOADED: Final = frozenset({503, 529})
_BROKEN: Final = 500


def too_long(provider: str, model: str) -> LlmContextTooLong:
    """The model can't hold so much."""
    return LlmContextTooLong(f"The request is longer than {model} can hold. Send less.", provider=provider, model=model)


def quota_gone(provider: str, status: int) -> LlmQuotaExhausted:
    """The account's money is used up."""
    detail = f"{provider}: the quota is used up. Look at the account's billing."
    return LlmQuotaExhausted(detail, provider=provider, status=status)


def unreadable(provider: str) -> LlmUnavailable:
    """What came is no answer, though it says that it is one."""
    return LlmUnavailable(
        f"{provider} answers something that is no answer of a language model. Check its base URL.",
        provider=provider,
        status=200,
    )


def unreached(error: Exception, provider: str, *, late: bool) -> SetuError:
    """No answer came.

    Args:
        error: the SDK's.
        provider: whose.
        late: whether it is one of time.
    """
    never = never_reached(error)
    if late and not never:
        return AnswerLate(f"{provider} did not answer in time", provider=provider)
    detail = f"{provider} can't be reached, or broke off. See whether it is up."
    return LlmUnavailable(detail, provider=provider, billed=not never)


def broken_off(provider: str) -> LlmUnavailable:
    """An answer has no end."""
    return LlmUnavailable(f"{provider} broke off in the middle of its answer.", provider=provider)


def runs_on(provider: str) -> LlmInvalidOutput:
    """An answer goes on behind where it had to end. Asked again, it would cost as much again."""
    detail = f"{provider} does not end its answer where it must, and was cut off. See whether it knows max_tokens."
    return LlmInvalidOutput(detail, provider=provider, cut_off=True)


def refused_midway(status: int | None, provider: str, model: str, *, begun: bool) -> SetuError:
    """An error came where an answer was awaited or being written. Before the first word it may be a refusal like any other.

    Args:
        status: the one that says the same; None if there is none.
        provider: who said it.
        model: which one was asked.
        begun: whether there are words, which are billed.
    """
    if begun or status is None or (status >= _BROKEN and status not in _OVERLOADED):
        return broken_off(provider)
    return refused(status, None, provider, model)


def refused(status: int, retry_after: str | None, provider: str, model: str) -> SetuError:
    """The provider answered with a status of 400 or above."""
    told_s = parse_retry_after(retry_after, datetime.now(UTC))
    passing = _passing(status, told_s, provider)
    if passing is not None:
        return passing
    match status:
        case 401 | 403:
            detail = f"{provider} does not accept the key. Check it, and what it is for."
            return LlmUnauthorized(detail, provider=provider, status=status)
        case 402:
            return quota_gone(provider, status)
        case 404:
            detail = f"{provider} has no model {model!r}, or not on this route."
            return LlmModelUnknown(detail, provider=provider, model=model, status=status)
        case 413:
            return too_long(provider, model)
    detail = f"{provider} answered {status}. Check the model's name and what it can do."
    return LlmRequestRefused(detail, provider=provider, model=model, status=status)


def _passing(status: int, told_s: float | None, provider: str) -> SetuError | None:
    if status == 429:  # noqa: PLR2004  (too many requests)
        return LlmRateLimited(f"{provider} is asked too often.", retry_after_s=told_s, provider=provider, status=status)
    if status in _OVERLOADED:
        return LlmOverloaded(f"{provider} is overloaded.", retry_after_s=told_s, provider=provider, status=status)
    if status in _PASSING:
        return LlmUnavailable(f"{provider} answered {status}.", retry_after_s=told_s, provider=provider, status=status)
    if status >= _BROKEN:
        return LlmUnavailable(f"{provider} is broken.", retry_after_s=told_s, provider=provider, status=status, billed=False)
    return None
