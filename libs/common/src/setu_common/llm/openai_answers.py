"""What an OpenAI-compatible server answers, read with distrust: the SDK checks nothing of what comes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError
from openai import BaseModel as OpenAiModel
from openai.types import Completion
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

from setu_common.cost import Usage
from setu_common.cost.payloads import usage_of_openai
from setu_common.errors import SetuError
from setu_common.llm.asking import Said
from setu_common.llm.calling import Reading
from setu_common.llm.errors import LlmRefusal
from setu_common.llm.provider import Finish, Token
from setu_common.llm.statuses import quota_gone, refused, refused_midway, too_long, unreached, unreadable
from setu_common.llm.streaming import Json, Pieces, larger
from setu_common.llm.structured import writable

_TOO_LONG: Final = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_QUOTA: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
DECLINED: Final = frozenset({"content_filter", "content_policy_violation"})
_FINISHES: Final = {"stop": Finish.STOP, "length": Finish.LENGTH}
_TOO_OFTEN: Final = {"rate_limit_exceeded": 429, "requests": 429, "tokens": 429}


def error_of(error: APIError | ValueError, provider: str, model: str) -> SetuError:
    """Why there is no answer."""
    if isinstance(error, APIConnectionError):
        return unreached(error, provider, late=isinstance(error, APITimeoutError))
    if not isinstance(error, APIStatusError):
        return unreadable(provider)  # a body that says it is JSON and is not
    names = {error.code, error.type}
    if is_too_long(error):
        return too_long(provider, model)
    if names & _QUOTA:
        return quota_gone(provider, error.status_code)
    if names & DECLINED:
        return LlmRefusal(f"{provider} does not answer this: its content filter declines.", provider=provider, model=model)
    return refused(error.status_code, error.response.headers.get("Retry-After"), provider, model)


class ChatPieces(Pieces):
    """What came of a chat completion so far."""

    def __init__(self, provider: str, model: str, most_tokens: int) -> None:
        super().__init__(provider, model, most_tokens)
        self._head: dict[str, Json] = {}
        self._refusal = ""
        self._finish: Json = None
        self._usage: dict[str, Json] = {}
        self._tokens: list[Json] = []
        self._chosen = False
        self._begun = False

    @property
    def told(self) -> ChatCompletion | None:
        """See ``Pieces``. One that has no choice at all has an end, too, if that is said."""
        if not self._finish and (self._chosen or not self.over):
            return None
        message = {"role": "assistant", "content": self.end(), "refusal": self._refusal or None}
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": self._finish,
            "logprobs": {"content": self._tokens} if self._tokens else None,
        }
        choices = [choice] if self._chosen else []
        return ChatCompletion.construct(
            None, **self._head, object="chat.completion", choices=choices, usage=self._usage or None
        )

    @property
    def ended(self) -> bool:
        """See ``Pieces``."""
        return bool(self._finish)

    @property
    def billed(self) -> bool:
        """See ``Pieces``."""
        return bool(self._usage)

    def take(self, event: Mapping[str, Json]) -> None:
        """See ``Pieces``."""
        if event.get("error"):
            raise self._error(event["error"])
        self._head = self._head or {name: event[name] for name in ("id", "created", "model") if name in event}
        if isinstance(usage := event.get("usage"), dict):
            self._usage = larger(self._usage, usage)  # some count on from piece to piece
        for choice in _listed(event.get("choices")):
            if isinstance(choice, dict) and not choice.get("index"):
                self._take_choice(choice)

    def _take_choice(self, choice: Mapping[str, Json]) -> None:
        self._chosen = True
        if isinstance(delta := choice.get("delta"), dict):
            self._begun = self._begun or any(said for name, said in delta.items() if name != "role")  # thoughts, too
            self.say(delta.get("content"))
            if isinstance(refusal := delta.get("refusal"), str):
                self._refusal += refusal
        if isinstance(logprobs := choice.get("logprobs"), dict):
            self._tokens += _listed(logprobs.get("content"))
        self._finish = choice.get("finish_reason") or self._finish

    def _error(self, told: Json) -> SetuError:
        told = told if isinstance(told, dict) else {}
        code, names = told.get("code"), {str(told.get("code")), str(told.get("type"))}
        if names & DECLINED:
            detail = f"{self.provider} does not go on with this: its content filter declines."
            return LlmRefusal(detail, provider=self.provider, model=self.model)
        if names & _TOO_LONG and not self._begun:
            return too_long(self.provider, self.model)
        if names & _QUOTA and not self._begun:
            return quota_gone(self.provider, 429)
        status = code if isinstance(code, int) else next((_TOO_OFTEN[name] for name in names if name in _TOO_OFTEN), None)
        return refused_midway(status, self.provider, self.model, begun=self._begun)


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def is_too_long(error: APIStatusError) -> bool:
    """Whether the model can't hold so long a request."""
    return error.code in _TOO_LONG or error.type in _TOO_LONG


def read_chat(told: object, provider: str, schema: type[BaseModel] | None) -> Reading[Said]:
    """What a chat completion says."""
    choices = _choices(told, ChatCompletion)
    if choices is None:
        return Reading(None, error=unreadable(provider))
    usage = _usage(told)
    choice: object = choices[0] if choices else None
    message = getattr(choice, "message", None)
    finish = _finish(choice)
    if getattr(message, "refusal", None) or finish in DECLINED:
        return Reading(usage, error=_declined(told, provider))
    text = writable(getattr(message, "content", None))
    tokens = _tokens(getattr(choice, "logprobs", None), text)
    said = Said(text, _model(told), usage or Usage(), _FINISHES.get(finish, Finish.OTHER), tokens)
    return Reading(usage, said, useful=said.answers(schema))


def read_completion(told: object, provider: str) -> Reading[Said]:
    """What a completion says: perhaps nothing, which a base model may."""
    choices = _choices(told, Completion)
    if choices is None:
        return Reading(None, error=unreadable(provider))
    usage = _usage(told)
    choice: object = choices[0] if choices else None
    finish = _finish(choice)
    if finish in DECLINED:
        return Reading(usage, error=_declined(told, provider))
    text = writable(getattr(choice, "text", None))
    tokens = tuple(_tokens_of_completion(getattr(choice, "logprobs", None)))
    said = Said(text, _model(told), usage or Usage(), _FINISHES.get(finish, Finish.OTHER), tokens)
    return Reading(usage, said, useful=bool(choices))


def _choices(told: object, kind: type[Completion | ChatCompletion]) -> list[object] | None:
    found = getattr(told, "choices", None) if isinstance(told, kind) else None
    return found if isinstance(found, list) else None


def _finish(choice: object) -> str:
    found = getattr(choice, "finish_reason", None)
    return found if isinstance(found, str) else ""


def _declined(told: object, provider: str) -> LlmRefusal:
    return LlmRefusal(f"{provider}: the model declines to answer this.", provider=provider, model=_model(told))


def _model(told: object) -> str:
    return writable(getattr(told, "model", None))


def _usage(told: object) -> Usage | None:
    figures = getattr(told, "usage", None)
    if not isinstance(figures, OpenAiModel):
        return None
    try:
        return usage_of_openai(figures.to_dict(warnings=False))
    except (TypeError, ValueError, AttributeError, OverflowError):  # figures that are none
        return None


def _tokens_of_completion(logprobs: Any) -> Iterator[Token]:  # noqa: ANN401  (Any: OpenAI and llama.cpp each have a shape of their own)
    pairs: list[tuple[object, object]] = []
    if isinstance(flat := getattr(logprobs, "token_logprobs", None), list):  # OpenAI's
        named = getattr(logprobs, "tokens", None)
        pairs = list(zip_longest(named if isinstance(named, list) else [], flat))
    elif isinstance(content := getattr(logprobs, "content", None), list):  # llama.cpp's, shaped as in chat completions
        pairs = [(each.get("token"), each.get("logprob")) for each in content if isinstance(each, dict)]
    for token, value in pairs:
        if isinstance(value, int | float) and math.isfinite(value):
            yield Token(len(writable(token).encode()), float(value))


def _tokens(logprobs: Any, text: str) -> tuple[Token, ...]:  # noqa: ANN401  (Any: the SDK checks nothing)
    """The tokens of a text; none if it can't be told which they are."""
    content = getattr(logprobs, "content", None)
    found: list[tuple[bytes, float]] = []
    for each in content if isinstance(content, list) else ():
        raw, token, logprob = (getattr(each, name, None) for name in ("bytes", "token", "logprob"))
        if not isinstance(logprob, int | float) or not isinstance(token, str):
            return ()
        found.append((bytes(raw) if isinstance(raw, list) else writable(token).encode(), float(logprob)))
    start = b"".join(raw for raw, _ in found).find(text.encode())  # thoughts may stand before it, and an end mark after it
    return tuple(_from(start, found)) if start >= 0 else ()


def _from(start: int, tokens: Sequence[tuple[bytes, float]]) -> Iterator[Token]:
    at = 0
    for raw, logprob in tokens:
        at += len(raw)
        if at > start:
            yield Token(min(len(raw), at - start), logprob)
