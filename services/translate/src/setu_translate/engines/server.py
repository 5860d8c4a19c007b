"""A language model's server, as OpenAI's API has it. What its routes have in common: the connection, and what can go wrong."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self, TypeVar

from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI
from pydantic import SecretStr

from setu_common.errors import DependencyUnavailable, SetuError
from setu_common.http import create_client, parse_retry_after
from setu_translate.errors import LlmRefused

NO_KEY: Final = "none"  # the SDK insists on one; servers without keys ignore it
TOO_MANY_REQUESTS: Final = 429
SERVER_ERRORS: Final = 500
TOO_LONG: Final = frozenset({"context_length_exceeded", "exceed_context_size_error"})
QUOTA: Final = "insufficient_quota"
# A server that is being restarted loads its model first. Three attempts at once would all come while it is away, and fail for good
# what only had to wait.
AWAY_S: Final = 10.0

T = TypeVar("T")


class LlmServer:
    """A connection to a language model's server. The SDK's only users are this and what derives from it.

    Args:
        base_url: the server's, such as ``http://127.0.0.1:8090/v1``.
        model: what the server calls the model.
        api_key: if the server wants one.
        timeout_s: how long one answer may take in all, seconds.
    """

    route: str = "/"

    def __init__(self, *, base_url: str, model: str, api_key: SecretStr | None, timeout_s: float) -> None:
        self.model = model
        self._timeout_s = timeout_s
        http = create_client(base_url, service_token=None, timeout_s=timeout_s)
        self._client = AsyncOpenAI(
            base_url=base_url,
            api_key=api_key.get_secret_value() if api_key else NO_KEY,
            timeout=http.timeout,
            max_retries=0,
            http_client=http,
        )
        self._name = f"The language model's server at {http.base_url.netloc.decode('ascii')}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def _ask(self, answer: Awaitable[T]) -> T:
        """Wait for an answer of the SDK's.

        Raises:
            DependencyUnavailable: none came, none in time, or none that can be read.
            APIStatusError: the server refuses; see ``_refusal``.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                return await answer
        except APIStatusError:
            raise
        except (APIConnectionError, TimeoutError) as error:  # the SDK's own timeout is the former
            raise DependencyUnavailable(
                f"{self._name} does not answer, or not within {self._timeout_s:g} s.", retry_after_s=AWAY_S
            ) from error
        except (APIError, ValueError) as error:  # ValueError: a body that says it is JSON and is not
            raise self._unreadable() from error

    def _refusal(self, error: APIStatusError) -> SetuError:
        status = error.status_code
        if status >= SERVER_ERRORS or (status == TOO_MANY_REQUESTS and error.code != QUOTA):
            told_s = parse_retry_after(error.response.headers.get("Retry-After"), datetime.now(UTC))
            return DependencyUnavailable(
                f"{self._name} is busy or broken (it answered {status}).",
                retry_after_s=AWAY_S if told_s is None else told_s,
                status=status,
            )
        return LlmRefused(
            f"{self._name} answered {status}. Check its key and quota, and that it offers the model {self.model!r} "
            f"under {self.route} (SETU_TRANSLATE_LLM_URL, _MODEL, _API_KEY and _STYLE).",
            status=status,
        )

    def _unreadable(self) -> DependencyUnavailable:
        return DependencyUnavailable(f"{self._name} answers something that is no completion; check SETU_TRANSLATE_LLM_URL.")


def is_too_long(error: APIStatusError) -> bool:
    """Whether the model can't hold so long a request."""
    return error.code in TOO_LONG or error.type in TOO_LONG
