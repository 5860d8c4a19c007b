"""What an instruct model replies in JSON: the OpenAI-compatible route ``POST /v1/chat/completions``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from openai import APIStatusError
from openai.types.chat import ChatCompletion

from setu_translate.domain.replies import Token
from setu_translate.engines.server import LlmServer, is_too_long

MAY_NOT_BE_KNOWN: Final = frozenset({400, 422})  # what servers answer to a parameter that they don't have
REASONING_TOKENS: Final = 4000  # servers that call it so count a model's thoughts with its answer
# What a request asks for beyond messages, and what stands in where a server does not have it. Those that are more likely to be
# unknown come first: where the server does not say which one it is, they are left out one after the other.
STAND_INS: Final[Mapping[str, str | None]] = {
    "response_format": None,
    "logprobs": None,
    "max_tokens": "max_completion_tokens",
    "temperature": None,
    "max_completion_tokens": None,
}


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
    """Has an instruct model answer in JSON, greedily. See ``LlmServer`` for the arguments.

    Servers differ in the parameters that they know. What one does not know is left out, and not asked for again.
    """

    route = "/v1/chat/completions"
    _used: tuple[str, ...] = ("response_format", "logprobs", "max_tokens", "temperature")

    async def reply(self, instructions: str, document: str, *, schema: Mapping[str, object], max_tokens: int) -> Reply:
        """Ask the model.

        Args:
            instructions: what it is to do.
            document: with what.
            schema: of the JSON that it is to answer with.
            max_tokens: where it must end.

        Raises:
            DependencyUnavailable: no answer, none in time, or none that can be read.
            LlmRefused: the server refuses, and will again.
        """
        wanted: dict[str, object] = {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "translations", "strict": True, "schema": schema},
            },
            "logprobs": True,
            "max_tokens": max_tokens,
            "max_completion_tokens": max_tokens + REASONING_TOKENS,
            "temperature": 0,
        }
        used = self._used
        while True:
            try:
                completion = await self._ask(
                    self._client.chat.completions.create(
                        model=self.model,
                        messages=[{"role": "system", "content": instructions}, {"role": "user", "content": document}],
                        extra_body={name: wanted[name] for name in used},
                    )
                )
            except APIStatusError as error:
                if is_too_long(error):
                    return Reply("", (), cut_off=True)
                if error.status_code not in MAY_NOT_BE_KNOWN or not used:
                    raise self._refusal(error) from error
                used = _without_unknown(used, error)
            else:
                self._used = used
                return self._read(completion)

    def _read(self, completion: object) -> Reply:
        # The SDK checks nothing: what is no JSON comes as a string, and what lacks a field as an object that lacks it.
        choices = completion.choices if isinstance(completion, ChatCompletion) else None
        if not isinstance(choices, list):
            raise self._unreadable()
        text = getattr(getattr(choices[0], "message", None), "content", None) if choices else None
        if not isinstance(text, str):  # nothing, or a refusal, which stands elsewhere
            return Reply("", (), cut_off=False)
        return Reply(text, _tokens(getattr(choices[0], "logprobs", None), text), cut_off=choices[0].finish_reason == "length")


def _without_unknown(used: tuple[str, ...], error: APIStatusError) -> tuple[str, ...]:
    """The parameters without the one that the server names, or else without the first."""
    told = f"{error.param} {error.message}"
    named = [name for name in used if name in told]
    unknown = named[0] if named else min(used, key=list(STAND_INS).index)
    stand_in = STAND_INS[unknown]
    return tuple(name for name in used if name != unknown) + ((stand_in,) if stand_in else ())


def _tokens(logprobs: Any, text: str) -> tuple[Token, ...]:  # noqa: ANN401  (Any: the SDK checks nothing)
    """The tokens of a text; none if it can't be told which they are."""
    content = getattr(logprobs, "content", None)
    found: list[tuple[bytes, float]] = []
    for each in content if isinstance(content, list) else ():
        raw, token, logprob = (getattr(each, name, None) for name in ("bytes", "token", "logprob"))
        if not isinstance(logprob, int | float) or not isinstance(token, str):
            return ()
        found.append((bytes(raw) if isinstance(raw, list) else token.encode(), float(logprob)))
    start = b"".join(raw for raw, _ in found).find(text.encode())  # thoughts may stand before it, and an end mark after it
    return tuple(_from(start, found)) if start >= 0 else ()


def _from(start: int, tokens: Sequence[tuple[bytes, float]]) -> Iterator[Token]:
    at = 0
    for raw, logprob in tokens:
        at += len(raw)
        if at > start:
            yield Token(min(len(raw), at - start), logprob)
