"""What every request to a provider goes through: its limits, the one door of outgoing calls, and the meter."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from setu_common.cost import Meter, Usage
from setu_common.errors import SetuError
from setu_common.http import Dependency
from setu_common.llm.asking import Said
from setu_common.llm.errors import LlmContextTooLong, LlmOverloaded, LlmRateLimited, LlmUnavailable, LlmUnusable, classify_llm
from setu_common.llm.limits import Limits
from setu_common.llm.spending import Spent, spend
from setu_common.observability import genai_attributes
from setu_common.observability.tracing import failure_of, tracing

V = TypeVar("V")
# Who refuses a request bills nothing for it, unless an answer had begun that told what it had read.
UNBILLED: Final = (LlmOverloaded, LlmRateLimited, LlmUnusable, LlmContextTooLong)
_TEMPLATE_TOKENS: Final = 1024  # that a server may say to its model by itself, and count
_BYTES_PER_TOKEN: Final = 3  # by estimate, over many scripts; the true count corrects it


@dataclass(frozen=True)
class Reading(Generic[V]):
    """What an answer on the wire amounts to.

    Args:
        usage: what the provider says that it bills; None if it doesn't say.
        value: what was answered; None if that can't be used at all.
        error: why not.
        useful: whether it is what was asked for.
    """

    usage: Usage | None
    value: V | None = None
    error: SetuError | None = None
    useful: bool = True


class Calls:
    """Makes the requests of one provider.

    Args:
        billed_as: what the meter calls the provider.
        model: which model is asked.
        dependency: the provider's, with its circuit.
        limits: the provider's.
        meter: told of each request.
    """

    def __init__(self, *, billed_as: str, model: str, dependency: Dependency, limits: Limits, meter: Meter) -> None:
        self.name = dependency.name
        self.model = model
        self._billed_as = billed_as
        self._dependency = dependency
        self._limits = limits
        self._meter = meter

    async def make(
        self,
        once: Callable[[], Awaitable[Reading[V]]],
        *,
        bound: Usage,
        timeout_s: float | None = None,
        operation: genai_attributes.Operation = "chat",
    ) -> V:
        """Make a call, again if need be; each request is metered by itself.

        Args:
            once: makes it once; raises errors of ``setu_common.llm.errors``.
            bound: the most that one request can use.
            timeout_s: how long it may take in all once its turn has come, seconds. That others of ours come first is not
                the provider's fault.
            operation: what the model is asked to do.
        """
        estimate = _estimate(bound)
        repeated = False

        async def attempt() -> V:
            nonlocal repeated
            if repeated:
                self._limits.take(requests=1, tokens=estimate)
            repeated = True
            return await self._metered(lambda: self._traced(operation, once), bound, estimate)

        if self._dependency.breaker.refuses:  # nobody waits in a queue to hear that
            return await self._dependency.call(attempt, repeatable=False, timeout_s=timeout_s, classify=classify_llm)
        async with self._limits.place(estimate):
            return await self._dependency.call(attempt, repeatable=True, timeout_s=timeout_s, classify=classify_llm)

    async def _metered(self, once: Callable[[], Awaitable[Reading[V]]], bound: Usage, estimate: int) -> V:
        async with self._meter.call(self._billed_as, self.model, bound) as call:
            try:
                reading = await once()
            except BaseException as error:
                if _is_unbilled(error):
                    call.settle(Usage(), outcome="failed")
                else:
                    spend(Spent(self.name, self.model, None))
                raise
            spend(Spent(self.name, self.model, reading.usage))
            if reading.usage is not None:
                call.settle(reading.usage, outcome="ok" if reading.useful and reading.error is None else "failed")
                self._limits.take(tokens=_tokens(reading.usage) - estimate)
            if reading.error is not None:
                raise reading.error
            if reading.value is None:
                raise LlmUnavailable(f"{self.name} answered nothing that can be read.", provider=self.name)
            return reading.value

    async def _traced(self, operation: genai_attributes.Operation, once: Callable[[], Awaitable[Reading[V]]]) -> Reading[V]:
        asked = genai_attributes.asked(operation, self._billed_as, self.model)
        with tracing().span(genai_attributes.name_of(operation, self.model), "client", asked) as span:
            reading = await once()
            if (usage := reading.usage) is not None:
                written, cached = usage.output_tokens, usage.cache_write_tokens + usage.cache_write_1h_tokens
                span.note(
                    genai_attributes.used(
                        read=_tokens(usage) - written, read_cached=usage.cache_read_tokens, cached=cached, written=written
                    )
                )
            if isinstance(reading.value, Said):
                span.note(genai_attributes.answered(reading.value.model, (reading.value.finish,)))
            if reading.error is not None:
                span.failed(failure_of(reading.error))
            return reading


def _is_unbilled(error: BaseException) -> bool:
    return isinstance(error, UNBILLED) or (isinstance(error, LlmUnavailable) and error.context.get("billed") is False)


def believed(reading: Reading[Said], bound: Usage) -> Reading[Said]:
    """What was read, without figures that can't be true: words without tokens, or more than the request can use."""
    said, usage = reading.value, reading.usage
    if usage is None:
        return reading
    written = usage.output_tokens
    silent = said is not None and bool(said.text) and not written
    most_read = _tokens(bound) - bound.output_tokens + _TEMPLATE_TOKENS
    if not silent and written <= bound.output_tokens and _tokens(usage) - written <= most_read:
        return reading
    return replace(reading, usage=None, value=said and replace(said, usage=Usage()))


def input_bound(texts: Iterable[str], *, extra: int) -> int:
    """The most tokens that texts can be: no token is shorter than a byte, and each message has a few around it."""
    return sum(len(text.encode()) + extra for text in texts)


def _tokens(usage: Usage) -> int:
    return (
        usage.input_tokens
        + usage.cache_read_tokens
        + usage.cache_write_tokens
        + usage.cache_write_1h_tokens
        + usage.output_tokens
    )


def _estimate(bound: Usage) -> int:
    read = _tokens(bound) - bound.output_tokens
    return read // _BYTES_PER_TOKEN + bound.output_tokens
