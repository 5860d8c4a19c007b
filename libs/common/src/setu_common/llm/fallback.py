"""Several providers in an order: the next one answers where one can't."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self, TypeVar

import structlog
from pydantic import BaseModel

from setu_common.errors import DependencyUnavailable, SetuError, is_retryable
from setu_common.llm.errors import LlmNobodyAnswered, LlmNobodyUsable, LlmUnusable
from setu_common.llm.provider import Answer, Heard, LlmProvider, Message, PassedOver

V = TypeVar("V")
M = TypeVar("M", bound=BaseModel)

# Open circuits, outages, overload and rate limits beyond the retries; quota, key and model's name. Not what the model itself
# answered, nor a request that is too long: the next one would be paid for the same.
GOES_ON: Final[tuple[type[SetuError], ...]] = (DependencyUnavailable, LlmUnusable)

log = structlog.get_logger()


class Fallback:
    """A ``LlmProvider`` of several, the preferred one first. The answer says who gave it, and why those before did not.

    Args:
        providers: at least one.
        goes_on: after which errors the next one is asked.
    """

    def __init__(self, providers: Sequence[LlmProvider], *, goes_on: tuple[type[SetuError], ...] = GOES_ON) -> None:
        self._providers = tuple(providers)
        self._goes_on = goes_on
        self._stack = AsyncExitStack()

    @property
    def name(self) -> str:
        """The name of the preferred provider."""
        return self._providers[0].name

    @property
    def model(self) -> str:
        """The model of the preferred provider."""
        return self._providers[0].model

    async def __aenter__(self) -> Self:
        for provider in self._providers:
            await self._stack.enter_async_context(provider)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def complete(
        self, prompt: str, *, max_tokens: int, stop: Sequence[str] = (), timeout_s: float | None = None
    ) -> Answer[str]:
        """See ``LlmProvider``."""
        return await self._first(lambda each: each.complete(prompt, max_tokens=max_tokens, stop=stop, timeout_s=timeout_s))

    async def chat(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        shape: Mapping[str, object] | None = None,
        timeout_s: float | None = None,
        heard: Heard | None = None,
        probabilities: bool = True,
    ) -> Answer[str]:
        """See ``LlmProvider``. ``timeout_s`` is each provider's own; a bound deadline is that of all together."""
        return await self._first(
            lambda each: each.chat(
                messages, max_tokens=max_tokens, shape=shape, timeout_s=timeout_s, heard=heard, probabilities=probabilities
            )
        )

    async def chat_as(
        self,
        schema: type[M],
        messages: Sequence[Message],
        *,
        max_tokens: int,
        timeout_s: float | None = None,
        heard: Heard | None = None,
    ) -> Answer[M]:
        """See ``LlmProvider`` and ``chat``."""
        return await self._first(
            lambda each: each.chat_as(schema, messages, max_tokens=max_tokens, timeout_s=timeout_s, heard=heard)
        )

    async def _first(self, ask: Callable[[LlmProvider], Awaitable[Answer[V]]]) -> Answer[V]:
        errors: list[SetuError] = []
        passed_over: list[PassedOver] = []
        for provider in self._providers:
            try:
                answer = await ask(provider)
            except self._goes_on as error:
                log.warning("llm.passed_over", provider=provider.name, model=provider.model, code=error.code)
                errors.append(error)
                passed_over.append(PassedOver(provider.name, error.code, error.detail))
            else:
                return answer.after(passed_over)
        if len(errors) == 1:
            raise errors[0]
        raise _nobody(errors, passed_over) from errors[-1]


def _nobody(errors: Sequence[SetuError], passed_over: Sequence[PassedOver]) -> SetuError:
    detail = " ".join(f"{each.provider}: {each.detail.rstrip('.')}." for each in passed_over)
    told = [{"provider": each.provider, "code": each.code} for each in passed_over]
    if not any(is_retryable(error) for error in errors):
        return LlmNobodyUsable(detail, providers=told)
    waits = [error.retry_after_s for error in errors if is_retryable(error) and error.retry_after_s is not None]
    return LlmNobodyAnswered(detail, retry_after_s=min(waits, default=None), providers=told)
