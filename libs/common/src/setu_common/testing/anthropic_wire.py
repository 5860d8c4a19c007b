"""Anthropic's API on loopback: messages, streamed or whole, with tools and output formats; with a bill, and with faults on demand."""

import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, Unpack

from setu_common.cost import Usage
from setu_common.testing.dialects import Asked, Bill, Json, Oddity, Reply, Say, cut, echo, events, json_answer, pieces, sample
from setu_common.testing.faulty import Answer, Fault, FaultyWire, Plan, Received, always
from setu_common.testing.openai_wire import WireOptions


def _error(status: int, kind: str, message: str) -> Answer:
    return json_answer({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_0"}, status)


_REFUSALS: Final[Mapping[Fault, Answer]] = {
    Fault.RATE_LIMITED: _error(429, "rate_limit_error", "This request would exceed your rate limit"),
    Fault.QUOTA: _error(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
    Fault.BAD_REQUEST: _error(400, "invalid_request_error", "messages: at least one message is required"),
    Fault.SERVER_ERROR: _error(500, "api_error", "Internal server error"),
    Fault.OVERLOADED: _error(529, "overloaded_error", "Overloaded"),
}
_ODD: Final[Mapping[Oddity, Answer]] = {
    Oddity.TOO_LONG: _error(400, "invalid_request_error", "prompt is too long: 250000 tokens > 200000 maximum"),
    Oddity.UNAUTHORIZED: _error(401, "authentication_error", "invalid x-api-key"),
    Oddity.NO_MODEL: _error(404, "not_found_error", "model: not found"),
}


class AnthropicWire(FaultyWire):
    """The server; run it with ``faulty_wire``.

    Args:
        plan: which request meets which fault.
        say: what the model says.
        odd: which request gets which odd answer.
        unknown: parameters that the model does not have.
        options: see ``FaultyWire``.

    Attributes:
        bill: what it would charge.
        asked: what was asked so far.
    """

    def __init__(
        self,
        plan: Plan = always(Fault.NONE),  # noqa: B008  a function without state
        *,
        say: Say = echo,
        odd: Callable[[int], Oddity] = lambda _number: Oddity.NONE,
        unknown: AbstractSet[str] = frozenset(),
        **options: Unpack[WireOptions],
    ) -> None:
        super().__init__(plan, answer=self._speak, refusals=_REFUSALS, **options)
        self.bill = Bill()
        self.asked: list[Asked] = []
        self._say = say
        self._odd = odd
        self._unknown = unknown
        self._kept: set[str] = set()

    def _speak(self, received: Received) -> Answer:
        odd = self._odd(received.number)
        if odd in _ODD:
            return _ODD[odd]
        if not received.path.partition("?")[0].endswith("/v1/messages"):
            return _error(404, "not_found_error", "Not Found")
        body = json.loads(received.body)
        for name in self._unknown:
            if name in body:
                return _error(400, "invalid_request_error", f"{name}: this model does not support it")
        asked = _asked(received.number, body)
        self.asked.append(asked)
        reply = self._say(asked)
        reply = Reply(reply) if isinstance(reply, str) else reply
        text = {Oddity.NOT_JSON: "Certainly! Here you are.", Oddity.EMPTY: "", Oddity.REFUSAL: ""}.get(odd, reply.text)
        text, more = cut(text, body["max_tokens"])
        usage = self._usage(body, len(pieces(text)), reply.thoughts)
        self.bill.charge(received, asked.model, usage)
        whole = _message(received.number, asked, text, usage, more=more, odd=odd)
        return _streamed(whole) if body.get("stream") else json_answer(whole)

    def _usage(self, body: Mapping[str, Json], said: int, thoughts: int) -> Usage:
        """What is marked is written to the cache the first time, and read from it afterwards."""
        blocks = [*_blocks(body.get("system", [])), *(block for each in body["messages"] for block in _blocks(each["content"]))]
        marked = [place for place, block in enumerate(blocks) if block.get("cache_control")]
        kept_until = marked[-1] + 1 if marked else 0
        counts = [len(pieces(block.get("text", ""))) for block in blocks]
        start = json.dumps([block.get("text", "") for block in blocks[:kept_until]])
        read, written = (sum(counts[:kept_until]), 0) if start in self._kept else (0, sum(counts[:kept_until]))
        if kept_until:
            self._kept.add(start)
        for_an_hour = bool(marked) and blocks[marked[-1]]["cache_control"].get("ttl") == "1h"
        return Usage(
            input_tokens=sum(counts[kept_until:]),
            cache_read_tokens=read,
            cache_write_tokens=0 if for_an_hour else written,
            cache_write_1h_tokens=written if for_an_hour else 0,
            output_tokens=said + thoughts,
            reasoning_tokens=thoughts,
        )


def _blocks(content: Json) -> list[dict[str, Json]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _asked(number: int, body: Mapping[str, Json]) -> Asked:
    messages = [("system", each.get("text", "")) for each in _blocks(body.get("system", []))]
    messages += [
        (each["role"], "".join(block.get("text", "") for block in _blocks(each["content"]))) for each in body["messages"]
    ]
    form = (body.get("output_config") or {}).get("format") or {}
    return Asked(number, body["model"], tuple(messages), form.get("schema"), body)


def _message(number: int, asked: Asked, text: str, usage: Usage, *, more: bool, odd: Oddity) -> dict[str, Json]:
    content: list[Json] = [] if odd in (Oddity.EMPTY, Oddity.REFUSAL) else [{"type": "text", "text": text, "citations": None}]
    reason = "refusal" if odd is Oddity.REFUSAL else "max_tokens" if more else "end_turn"
    if (asked.body.get("tool_choice") or {}).get("type") in ("tool", "any"):
        tool = asked.body["tools"][0]
        content = [{"type": "tool_use", "id": f"toolu_{number}", "name": tool["name"], "input": sample(tool["input_schema"])}]
        reason = "tool_use"
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": _told(usage),
    }


def _told(usage: Usage) -> dict[str, Json]:
    """Usage as Anthropic tells it: what the cache had and got beside the input, thoughts within the output."""
    return {
        "input_tokens": usage.input_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens + usage.cache_write_1h_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_tokens,
            "ephemeral_1h_input_tokens": usage.cache_write_1h_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
        "service_tier": "standard",
    }


def _streamed(whole: Mapping[str, Json]) -> Answer:
    begun = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    parts: list[tuple[str | None, Json]] = [
        ("message_start", {"type": "message_start", "message": begun}),
        ("ping", {"type": "ping"}),
    ]
    for place, block in enumerate(whole["content"]):
        is_text = block["type"] == "text"
        empty = {**block, "text": ""} if is_text else {**block, "input": {}}
        parts.append(("content_block_start", {"type": "content_block_start", "index": place, "content_block": empty}))
        for each in pieces(block["text"] if is_text else json.dumps(block["input"])):
            delta = {"type": "text_delta", "text": each} if is_text else {"type": "input_json_delta", "partial_json": each}
            parts.append(("content_block_delta", {"type": "content_block_delta", "index": place, "delta": delta}))
        parts.append(("content_block_stop", {"type": "content_block_stop", "index": place}))
    ended = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    spoken = {"output_tokens": whole["usage"]["output_tokens"]}
    parts.append(("message_delta", {"type": "message_delta", "delta": ended, "usage": spoken}))
    parts.append(("message_stop", {"type": "message_stop"}))
    return events(parts)
