"""A language model's server, as the OpenAI-compatible route ``POST /v1/completions`` has it. The only user of its SDK."""

import asyncio
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI
from openai.types import Completion
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


@dataclass(frozen=True)
class Answer:
    """What a model went on with.

    Args:
        text: without space around it; empty if it had nothing to say.
        confidence: the geometric mean of its tokens' probabilities, exp(mean log p), 0..1; None if the server does not tell.
        cut_off: whether it was still talking when it had to stop.
    """

    text: str
    confidence: float | None
    cut_off: bool


class Completions:
    """Has a base model go on with a text, greedily.

    Args:
        base_url: the server's, such as ``http://127.0.0.1:8090/v1``.
        model: what the server calls the model.
        api_key: if the server wants one.
        timeout_s: how long one answer may take in all, seconds.
    """

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

    async def complete(self, prompt: str, *, stop: str, max_tokens: int) -> Answer:
        """Have the model go on.

        Args:
            prompt: the text.
            stop: where it is to end; not part of the answer.
            max_tokens: where it must end.

        Raises:
            DependencyUnavailable: no answer, none in time, or none that can be read.
            LlmRefused: the server refuses, and will again.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                completion = await self._client.completions.create(
                    model=self.model, prompt=prompt, max_tokens=max_tokens, temperature=0, stop=[stop], logprobs=1
                )
        except APIStatusError as error:
            if _is_too_long(error):
                return Answer("", None, cut_off=True)
            raise self._refusal(error) from error
        except (APIConnectionError, TimeoutError) as error:  # the SDK's own timeout is the former
            raise DependencyUnavailable(
                f"{self._name} does not answer, or not within {self._timeout_s:g} s.", retry_after_s=AWAY_S
            ) from error
        except (APIError, ValueError) as error:  # ValueError: a body that says it is JSON and is not
            raise self._unreadable() from error
        return self._answer(completion)

    def _answer(self, completion: object) -> Answer:
        # The SDK checks nothing: what is no JSON comes as a string, and what lacks a field as an object that lacks it.
        choices = completion.choices if isinstance(completion, Completion) else None
        if not isinstance(choices, list):
            raise self._unreadable()
        if not choices or not isinstance(choices[0].text, str):
            return Answer("", None, cut_off=False)
        choice = choices[0]
        return Answer(choice.text.strip(), _confidence(choice.logprobs), cut_off=choice.finish_reason == "length")

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
            "under /v1/completions (SETU_TRANSLATE_LLM_URL, _MODEL and _API_KEY).",
            status=status,
        )

    def _unreadable(self) -> DependencyUnavailable:
        return DependencyUnavailable(f"{self._name} answers something that is no completion; check SETU_TRANSLATE_LLM_URL.")


def _is_too_long(error: APIStatusError) -> bool:
    return error.code in TOO_LONG or error.type in TOO_LONG


def _confidence(logprobs: Any) -> float | None:  # noqa: ANN401  (Any: OpenAI and llama.cpp each have a shape of their own)
    values = [value for value in _token_logprobs(logprobs) if isinstance(value, int | float) and math.isfinite(value)]
    return min(math.exp(sum(values) / len(values)), 1.0) if values else None


def _token_logprobs(logprobs: Any) -> Iterator[object]:  # noqa: ANN401  (Any: see above)
    if isinstance(flat := getattr(logprobs, "token_logprobs", None), list):  # OpenAI's
        yield from flat
    elif isinstance(content := getattr(logprobs, "content", None), list):  # llama.cpp's, shaped as in chat completions
        yield from (token.get("logprob") for token in content if isinstance(token, dict))
