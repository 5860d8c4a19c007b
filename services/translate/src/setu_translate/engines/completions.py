"""Text that a base model goes on with: the OpenAI-compatible route ``POST /v1/completions``."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from openai import APIStatusError
from openai.types import Completion

from setu_translate.engines.server import LlmServer, is_too_long


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


class Completions(LlmServer):
    """Has a base model go on with a text, greedily. See ``LlmServer`` for the arguments."""

    route = "/v1/completions"

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
            completion = await self._ask(
                self._client.completions.create(
                    model=self.model, prompt=prompt, max_tokens=max_tokens, temperature=0, stop=[stop], logprobs=1
                )
            )
        except APIStatusError as error:
            if is_too_long(error):
                return Answer("", None, cut_off=True)
            raise self._refusal(error) from error
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


def _confidence(logprobs: Any) -> float | None:  # noqa: ANN401  (Any: OpenAI and llama.cpp each have a shape of their own)
    values = [value for value in _token_logprobs(logprobs) if isinstance(value, int | float) and math.isfinite(value)]
    return min(math.exp(sum(values) / len(values)), 1.0) if values else None


def _token_logprobs(logprobs: Any) -> Iterator[object]:  # noqa: ANN401  (Any: see above)
    if isinstance(flat := getattr(logprobs, "token_logprobs", None), list):  # OpenAI's
        yield from flat
    elif isinstance(content := getattr(logprobs, "content", None), list):  # llama.cpp's, shaped as in chat completions
        yield from (token.get("logprob") for token in content if isinstance(token, dict))
