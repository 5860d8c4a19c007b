"""Why a language model gave no answer that can be used.

* DependencyUnavailable (503, retryable)
  * LlmUnavailable: not reached, broken, or it answers something that is no answer
    * LlmOverloaded: it has too much to do
  * LlmRateLimited: this key asks too often
* SetuError (502, for good)
  * LlmUnusable: asking again changes nothing before somebody changes the settings
    * LlmQuotaExhausted · LlmUnauthorized · LlmModelUnknown · LlmRequestRefused
    * LlmNotConfigured: there is no provider at all
  * LlmContextTooLong: the request is longer than the model can hold
  * LlmRefusal: the model does not want to
  * LlmNoAnswer: it was asked twice, and both times it said nothing
  * LlmInvalidOutput: it was asked twice, and neither answer has the form that was asked for
  * LlmNobodyAnswered: none of several providers; retryable if one of them may answer later

An attempt that took too long is ``setu_common.http.AnswerLate``; a provider that is not asked at the moment ``CircuitOpen``.
"""

from typing import Final

from setu_common.errors import DependencyUnavailable, SetuError
from setu_common.http import Failed, Failure


class LlmUnavailable(DependencyUnavailable):
    """The provider was not reached, broke down, or answered something that is no answer."""

    code = "llm-unavailable"
    title = "The language model does not answer"


class LlmOverloaded(LlmUnavailable):
    """The provider has too much to do."""

    code = "llm-overloaded"
    title = "The language model's provider is overloaded"


class LlmRateLimited(DependencyUnavailable):
    """This key asks more often than it may."""

    code = "llm-rate-limited"
    title = "The language model is asked too often"


class LlmError(SetuError):
    """A failure that asking again does not mend."""

    status = 502


class LlmUnusable(LlmError):
    """Asking again changes nothing before somebody changes the settings."""


class LlmQuotaExhausted(LlmUnusable):
    """The account's money or quota is used up."""

    code = "llm-quota-exhausted"
    title = "The quota at the language model's provider is used up"


class LlmUnauthorized(LlmUnusable):
    """The key is not valid, or not for this."""

    code = "llm-unauthorized"
    title = "The language model's provider does not accept the key"


class LlmModelUnknown(LlmUnusable):
    """The provider has no such model, or no such route."""

    code = "llm-model-unknown"
    title = "The provider does not have this language model"


class LlmRequestRefused(LlmUnusable):
    """The provider does not take the request as it is sent."""

    code = "llm-request-refused"
    title = "The language model's provider does not take the request"


class LlmNotConfigured(LlmUnusable):
    """There is no provider."""

    code = "llm-not-configured"
    title = "No language model is set up"
    status = 503


class LlmContextTooLong(LlmError):
    """The request is longer than the model can hold."""

    code = "llm-context-too-long"
    title = "The request is too long for the language model"


class LlmRefusal(LlmError):
    """The model, or who watches over it, does not want to answer this."""

    code = "llm-refusal"
    title = "The language model declines to answer"


class LlmNoAnswer(LlmError):
    """The provider answered well, and there was nothing in it."""

    code = "llm-no-answer"
    title = "The language model's answer is empty"


class LlmInvalidOutput(LlmError):
    """What the model said does not have the form that was asked for."""

    code = "llm-invalid-output"
    title = "The language model's answer does not have the form that was asked for"


class LlmNobodyAnswered(DependencyUnavailable):
    """No provider answered, and at least one of them may later."""

    code = "llm-nobody-answered"
    title = "No language model answers"


class LlmNobodyUsable(LlmUnusable):
    """No provider answered, and none of them will before somebody changes the settings."""

    code = "llm-nobody-usable"
    title = "No language model can be used as it is set up"


# What each error is to retries and breakers. A refusal of the model's or an empty answer is nobody's failure: the wire works.
_KINDS: Final[tuple[tuple[type[SetuError], Failure], ...]] = (
    (LlmRateLimited, Failure.RATE_LIMITED),
    (LlmOverloaded, Failure.OVERLOADED),
    (LlmQuotaExhausted, Failure.QUOTA),
    (LlmUnusable, Failure.REFUSED),
    (LlmContextTooLong, Failure.REFUSED),
)


def classify_llm(error: BaseException) -> Failed:
    """The kind of failure behind an error of this module. Errors of others, such as a meter's, are not the provider's failure."""
    for kind, failure in _KINDS:
        if isinstance(error, kind):
            return Failed(failure, error.retry_after_s)
    if isinstance(error, LlmUnavailable):
        broken = isinstance(error.context.get("status"), int)
        return Failed(Failure.SERVER if broken else Failure.NETWORK, error.retry_after_s)
    return Failed(Failure.OTHER)
