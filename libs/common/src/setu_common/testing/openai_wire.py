"""OpenAI's API on loopback: chat completions, completions, transcriptions; with a bill, and with faults on demand.

async with faulty_wire(OpenAiWire(in_order(Fault.RATE_LIMITED), retry_after="2")) as wire:
    client = AsyncOpenAI(base_url=f"{wire.url}/v1", api_key="any")
"""

import json
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, TypedDict, Unpack

from setu_common.cost import Usage
from setu_common.testing.dialects import (
    Asked,
    Bill,
    Json,
    Oddity,
    Reply,
    Say,
    cut,
    echo,
    events,
    json_answer,
    logprobs,
    pieces,
)
from setu_common.testing.faulty import Answer, Cut, Fault, FaultyWire, Plan, Received, always

_CREATED: Final = 1_790_000_000
_CACHED_FROM_TOKENS: Final = 1024  # Source: OpenAI's guide to prompt caching


class WireOptions(TypedDict, total=False):
    """See ``FaultyWire``."""

    latency_s: float
    drip_s: float
    retry_after: str | None
    cut: Cut


def _error(
    status: int, message: str, code: str | None, kind: str = "invalid_request_error", param: str | None = None
) -> Answer:
    return json_answer({"error": {"message": message, "type": kind, "param": param, "code": code}}, status)


_REFUSALS: Final[Mapping[Fault, Answer]] = {
    Fault.RATE_LIMITED: _error(429, "Rate limit reached for requests", "rate_limit_exceeded", "requests"),
    Fault.QUOTA: _error(429, "You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
    Fault.BAD_REQUEST: _error(400, "Invalid 'messages'", "invalid_value", param="messages"),
    Fault.SERVER_ERROR: _error(500, "The server had an error", None, "server_error"),
    Fault.OVERLOADED: _error(503, "The engine is currently overloaded", None, "overloaded"),
}
_ODD: Final[Mapping[Oddity, Answer]] = {
    Oddity.TOO_LONG: _error(
        400, "This model's maximum context length is 8192 tokens", "context_length_exceeded", param="messages"
    ),
    Oddity.UNAUTHORIZED: _error(401, "Incorrect API key provided", "invalid_api_key"),
    Oddity.NO_MODEL: _error(404, "The model does not exist", "model_not_found"),
}


class OpenAiWire(FaultyWire):
    """The server; run it with ``faulty_wire``.

    Args:
        plan: which request meets which fault.
        say: what the model says.
        odd: which request gets which odd answer.
        unknown: parameters that this server does not have, as servers that are not OpenAI's.
        audio_s: how long every recording is, seconds.
        options: see ``FaultyWire``.

    Attributes:
        bill: what it would charge.
        asked: what was asked so far, on the routes of language models.
    """

    def __init__(
        self,
        plan: Plan = always(Fault.NONE),  # noqa: B008  a function without state
        *,
        say: Say = echo,
        odd: Callable[[int], Oddity] = lambda _number: Oddity.NONE,
        unknown: AbstractSet[str] = frozenset(),
        audio_s: float = 3.0,
        **options: Unpack[WireOptions],
    ) -> None:
        super().__init__(plan, answer=self._speak, refusals=_REFUSALS, **options)
        self.bill = Bill()
        self.asked: list[Asked] = []
        self._say = say
        self._odd = odd
        self._unknown = unknown
        self._audio_s = audio_s
        self._kept: set[tuple[tuple[str, str], ...]] = set()

    def _speak(self, received: Received) -> Answer:
        odd = self._odd(received.number)
        if odd in _ODD:
            return _ODD[odd]
        route = received.path.partition("?")[0]
        if route.endswith("/audio/transcriptions"):
            return self._heard(received)
        if not route.endswith("/completions"):
            return _error(404, f"Unknown request URL: {received.method} {route}", "unknown_url")
        body = json.loads(received.body)
        for name in self._unknown:
            if name in body:
                return _error(400, f"Unrecognized request argument supplied: {name}", "unknown_parameter", param=name)
        chat = route.endswith("/chat/completions")
        asked = _asked(received.number, body, chat=chat)
        self.asked.append(asked)
        return self._completed(received, asked, odd, chat=chat)

    def _completed(self, received: Received, asked: Asked, odd: Oddity, *, chat: bool) -> Answer:
        reply = self._say(asked)
        reply = Reply(reply) if isinstance(reply, str) else reply
        text = {Oddity.NOT_JSON: "Certainly! Here you are.", Oddity.EMPTY: "", Oddity.REFUSAL: ""}.get(odd, reply.text)
        most = asked.body.get("max_completion_tokens") or asked.body.get("max_tokens") or 4096
        text, more = cut(_until(text, asked.body.get("stop")), most)
        usage = self._usage(asked, len(pieces(text)), reply.thoughts)
        self.bill.charge(received, asked.model, usage)
        finish = "length" if more else "stop"
        if chat:
            choices = [] if odd is Oddity.EMPTY else [_choice(asked, text, finish, declined=odd is Oddity.REFUSAL)]
        else:
            choices = [] if odd is Oddity.EMPTY else [_text_choice(asked, text, finish)]
        whole = {
            "id": f"cmpl-{received.number}",
            "object": "chat.completion" if chat else "text_completion",
            "created": _CREATED,
            "model": asked.model,
            "choices": choices,
            "usage": _told(usage),
        }
        return _streamed(whole, asked) if chat and asked.body.get("stream") else json_answer(whole)

    def _usage(self, asked: Asked, said: int, thoughts: int) -> Usage:
        read = sum(len(pieces(text)) for _, text in asked.messages)
        start = asked.messages[:-1]
        length = sum(len(pieces(text)) for _, text in start)
        cached = length if start in self._kept and length >= _CACHED_FROM_TOKENS else 0
        self._kept.add(start)
        return Usage(
            input_tokens=read - cached, cache_read_tokens=cached, output_tokens=said + thoughts, reasoning_tokens=thoughts
        )

    def _heard(self, received: Received) -> Answer:
        self.bill.charge(received, "whisper-1", Usage(audio_s=self._audio_s))
        text = "This is what was said."
        segment = {"id": 0, "seek": 0, "start": 0.0, "end": self._audio_s, "text": text, "tokens": [], "temperature": 0.0}
        figures = {"avg_logprob": -0.1, "compression_ratio": 1.1, "no_speech_prob": 0.01}
        return json_answer(
            {
                "task": "transcribe",
                "language": "english",
                "duration": self._audio_s,
                "text": text,
                "segments": [segment | figures],
                "words": [{"word": "This", "start": 0.0, "end": 0.2}],
                "usage": {"type": "duration", "seconds": self._audio_s},
            }
        )


def _asked(number: int, body: Mapping[str, Json], *, chat: bool) -> Asked:
    messages = tuple((each["role"], str(each["content"])) for each in body["messages"]) if chat else (("user", body["prompt"]),)
    form = body.get("response_format") or {}
    return Asked(number, body["model"], messages, form.get("json_schema", {}).get("schema"), body)


def _until(text: str, stop: str | list[str] | None) -> str:
    for each in [stop] if isinstance(stop, str) else stop or []:
        text = text.partition(each)[0]
    return text


def _choice(asked: Asked, text: str, finish: str, *, declined: bool) -> dict[str, Any]:
    message = {
        "role": "assistant",
        "content": None if declined else text,
        "refusal": "I can't help with that." if declined else None,
    }
    told = {"content": logprobs(text), "refusal": None} if asked.body.get("logprobs") else None
    return {"index": 0, "message": message, "finish_reason": finish, "logprobs": told}


def _text_choice(asked: Asked, text: str, finish: str) -> dict[str, Any]:
    told = None
    if asked.body.get("logprobs"):
        values = [each["logprob"] for each in logprobs(text)]
        told = {"tokens": pieces(text), "token_logprobs": values, "top_logprobs": None, "text_offset": None}
    return {"index": 0, "text": text, "finish_reason": finish, "logprobs": told}


def _told(usage: Usage) -> dict[str, Json]:
    """Usage as OpenAI tells it: what was read from the cache within the input, thoughts within the output."""
    read = usage.input_tokens + usage.cache_read_tokens
    return {
        "prompt_tokens": read,
        "completion_tokens": usage.output_tokens,
        "total_tokens": read + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens, "audio_tokens": 0},
    }


def _streamed(whole: Mapping[str, Json], asked: Asked) -> Answer:
    head = {name: whole[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    counts = bool((asked.body.get("stream_options") or {}).get("include_usage"))
    head |= {"usage": None} if counts else {}
    parts: list[tuple[str | None, Json]] = [
        (None, head | {"choices": [{"index": 0, "finish_reason": None, **each}]})
        for choice in whole["choices"]
        for each in _pieces(choice)
    ]
    if counts:
        parts.append((None, head | {"choices": [], "usage": whole["usage"]}))
    return events(parts, "[DONE]")


def _pieces(choice: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """What a choice comes in: who speaks, each token, why it ends."""
    yield {"delta": {"role": "assistant", "content": "", "refusal": None}, "logprobs": None}
    message, told = choice["message"], choice["logprobs"]
    for place, each in enumerate(pieces(message["content"] or "")):
        yield {"delta": {"content": each}, "logprobs": {"content": [told["content"][place]]} if told else None}
    for each in pieces(message["refusal"] or ""):
        yield {"delta": {"refusal": each}, "logprobs": None}
    yield {"delta": {}, "finish_reason": choice["finish_reason"], "logprobs": None}
