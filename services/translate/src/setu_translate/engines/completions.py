"""Text that a base model goes on with: the OpenAI-compatible route ``POST /v1/completions``."""

from dataclasses import dataclass

from setu_common.errors import DependencyUnavailable
from setu_common.llm import Finish, LlmContextTooLong, LlmRefusal, LlmUnusable
from setu_translate.engines.server import LlmServer


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
            told = await self._provider.complete(prompt, max_tokens=max_tokens, stop=(stop,))
        except LlmContextTooLong:
            return Answer("", None, cut_off=True)
        except LlmRefusal:
            return Answer("", None, cut_off=False)
        except (DependencyUnavailable, LlmUnusable) as error:
            raise self._told(error) from error
        return Answer(told.text.strip(), told.confidence, cut_off=told.finish is Finish.LENGTH)
