"""A language model's server, as OpenAI's API has it. What its routes have in common: the provider, and what can go wrong."""

from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from setu_common.cost import Meter, Unmetered
from setu_common.errors import DependencyUnavailable, SetuError
from setu_common.http import AnswerLate, CircuitOpen, Dependencies, Dependency, Policy, RetryPolicy
from setu_common.http.timing import REAL
from setu_common.llm import LimitPolicy, Limits, LlmRateLimited, LlmUnavailable, LlmUnusable, whose_prices
from setu_common.llm.openai_provider import OpenAiProvider
from setu_translate.errors import LlmRefused

DEPENDENCY: Final = "translate-llm"
MOST_AT_ONCE: Final = 64
# A server that is being restarted loads its model first. Attempts in a row would all come while it is away, and fail for good what
# only had to wait; so there are none, and the operation is tried again after that time, or when the server says.
AWAY_S: Final = 10.0


def dependency(timeout_s: float, dependencies: Dependencies | None = None) -> Dependency:
    """The server as something that is called: once, within a time.

    Args:
        timeout_s: how long one answer may take in all, seconds.
        dependencies: the process's, so that operators see its circuit.
    """
    return (dependencies or Dependencies()).dependency(DEPENDENCY, Policy(attempt_s=timeout_s, retry=RetryPolicy(retries={})))


class LlmServer:
    """A connection to a language model's server.

    Args:
        base_url: the server's, such as ``http://127.0.0.1:8090/v1``.
        model: what the server calls the model.
        api_key: if the server wants one.
        timeout_s: how long one answer may take in all, seconds.
        called: the server as the process calls it; see ``dependency``.
        meter: told of each request.
        billed_as: whose prices count, as genai-prices names it; told by the URL by default.
        at_once: requests under way at once.
    """

    route: str = "/"

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key: SecretStr | None,
        timeout_s: float,
        called: Dependency | None = None,
        meter: Meter | None = None,
        billed_as: str | None = None,
        at_once: int = MOST_AT_ONCE,
    ) -> None:
        self.model = model
        self._timeout_s = timeout_s
        self._name = f"The language model's server at {urlsplit(base_url).netloc}"
        self._provider = OpenAiProvider(
            base_url=base_url,
            model=model,
            api_key=api_key,
            billed_as=billed_as or whose_prices(base_url),
            dependency=called or dependency(timeout_s),
            limits=Limits(self._name, LimitPolicy(at_once=at_once), REAL),
            meter=meter or Unmetered(),
            timeout_s=timeout_s,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._provider.__aexit__(kind, error, trace)

    def _told(self, error: SetuError) -> SetuError:
        """A provider's error as this service tells it: what to look at here, and when to come back."""
        status = error.context.get("status")
        if isinstance(error, LlmUnusable):
            return LlmRefused(
                f"{self._name} answered {status}. Check its key and quota, and that it offers the model {self.model!r} "
                f"under {self.route} (SETU_TRANSLATE_LLM_URL, _MODEL, _API_KEY and _STYLE).",
                status=status,
            )
        if not isinstance(error, LlmUnavailable | LlmRateLimited | AnswerLate | CircuitOpen):
            return error  # of something else that is needed, such as the ledger
        retry_after_s = AWAY_S if error.retry_after_s is None else error.retry_after_s
        if status is None:
            detail = f"{self._name} does not answer, or not within {self._timeout_s:g} s."
            return DependencyUnavailable(detail, retry_after_s=retry_after_s)
        if status == 200:  # noqa: PLR2004  (the status that HTTP calls OK)
            return DependencyUnavailable(f"{self._name} answers something that is no completion; check SETU_TRANSLATE_LLM_URL.")
        detail = f"{self._name} is busy or broken (it answered {status})."
        return DependencyUnavailable(detail, retry_after_s=retry_after_s, status=status)
