"""What an instruct model replies in JSON: the OpenAI-compatible route ``POST /v1/chat/completions``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from setu_common.errors import DependencyUnavailable
from setu_common.llm import Finish, LlmContextTooLong, LlmNoAnswer, LlmRefusal, LlmUnusable, Message
from setu_translate.domain.replies import Token
from setu_translate.engines.server import LlmServer


@dataclass(frozen=True)
class Reply:
    """What a model replied.

    Args:
        text: as it came; empty if it refused, or had nothing to say.
        tokens: the tokens of ``text`` with their probabilities; none if the server does not tell.
        cut_off: whether it was still talking when it had to stop.
    """

    text: str
    tokens: Sequence[Token]
    cut_off: bool


class Chat(LlmServer):
    """Has an instruct model answer in JSON, greedily. See ``LlmServer`` for the arguments."""

    route = "/v1/chat/completions"

    async def reply(self, instructions: str, document: str, *, schema: Mapping[str, object], max_tokens: int) -> Reply:
        """Ask the model.

        Args:
            instructions: what it is to do.
            document: with what.
            schema: of the JSON that it is to answer with. What it answers is not held against it here: half a reply is worth reading.
            max_tokens: where it must end.

        Raises:
            DependencyUnavailable: no answer, none in time, or none that can be read.
            LlmRefused: the server refuses, and will again.
        """
        messages = [Message("system", instructions), Message("user", document)]
        try:
            told = await self._provider.chat(messages, shape=schema, max_tokens=max_tokens)
        except LlmContextTooLong:
            return Reply("", (), cut_off=True)
        except (LlmRefusal, LlmNoAnswer):
            return Reply("", (), cut_off=False)
        except (DependencyUnavailable, LlmUnusable) as error:
            raise self._told(error) from error
        tokens = tuple(Token(each.length_bytes, each.logprob) for each in told.tokens)
        return Reply(told.text, tokens, cut_off=told.finish is Finish.LENGTH)
