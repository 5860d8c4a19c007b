"""What an OpenAI-compatible server answers, read with distrust: the SDK checks nothing of what comes."""

import math
from collections.abc import Iterator, Sequence
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
from setu_common.llm.statuses import quota_gone, refused, too_long, unreached, unreadable

_TOO_LONG: Final = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_QUOTA: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
DECLINED: Final = frozenset({"content_filter", "content_policy_violation"})
_FINISHES: Final = {"stop": Finish.STOP, "length": Finish.LENGTH}


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
    text = getattr(message, "content", None)
    text = text if isinstance(text, str) else ""
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
    text = getattr(choice, "text", None)
    tokens = tuple(_tokens_of_completion(getattr(choice, "logprobs", None)))
    said = Said(
        text if isinstance(text, str) else "", _model(told), usage or Usage(), _FINISHES.get(finish, Finish.OTHER), tokens
    )
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
    found = getattr(told, "model", None)
    return found if isinstance(found, str) else ""


def _usage(told: object) -> Usage | None:
    figures = getattr(told, "usage", None)
    if not isinstance(figures, OpenAiModel):
        return None
    try:
        return usage_of_openai(figures.to_dict(warnings=False))
    except (TypeError, ValueError, AttributeError):  # figures that are none
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
            yield Token(len(token.encode()) if isinstance(token, str) else 0, float(value))


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
