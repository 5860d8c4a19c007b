"""Streams of events as servers of language models send them, and providers that listen to them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from pydantic import SecretStr

from setu_common.http import Dependencies, Policy, RetryPolicy
from setu_common.llm import LimitPolicy, Limits, Message
from setu_common.llm.anthropic_provider import AnthropicProvider
from setu_common.llm.openai_provider import OpenAiProvider
from setu_common.testing import FaultyWire, ManualTime, faulty_wire
from setu_common.testing.faulty import Answer
from setu_common.testing.metering import RecordingMeter

Json = dict[str, Any]  # Any: JSON
ASK = [Message("user", "how are you")]
PATIENCE_S = 60.0
"""How long an answer may take where a test is not about that: a long one takes seconds on a busy machine."""


def cutting(size: int) -> Callable[[bytes], AsyncIterator[bytes]]:
    """Writes a body in pieces of so many bytes."""

    async def cut(body: bytes) -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]
            await asyncio.sleep(0)

    return cut


@contextlib.asynccontextmanager
async def listening(
    kind: str, wire: FaultyWire, *, retries: RetryPolicy | None = None, timeout_s: float = PATIENCE_S
) -> AsyncIterator[tuple[OpenAiProvider | AnthropicProvider, RecordingMeter]]:
    """A provider on a wire, and the meter that is told of its requests."""
    time, meter = ManualTime(), RecordingMeter()
    retry = RetryPolicy(retries={}) if retries is None else retries
    shared: dict[str, Any] = {  # Any: arguments
        "model": "m-1",
        "api_key": SecretStr("any"),
        "billed_as": kind,
        "dependency": Dependencies(timing=time.timing).dependency(kind, Policy(attempt_s=PATIENCE_S, retry=retry)),
        "limits": Limits(kind, LimitPolicy(), time.timing),
        "meter": meter,
        "timeout_s": timeout_s,
    }
    async with faulty_wire(wire):
        made: OpenAiProvider | AnthropicProvider = (
            OpenAiProvider(base_url=f"{wire.url}/v1", **shared)
            if kind == "openai"
            else AnthropicProvider(base_url=wire.url, **shared)
        )
        async with made as provider:
            yield provider, meter


def stream_of(text: str) -> Answer:
    """A text as a stream of events, if it is one."""
    return Answer(text.encode(), 200, "text/event-stream; charset=utf-8")


def chunk(text: str | None = None, finish: str | None = None, **more: object) -> Json:
    """A piece of a chat completion."""
    return {"id": "c", "model": "m-1", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}], **more}


USED: Json = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
START: Json = {
    "type": "message_start",
    "message": {
        "id": "m",
        "model": "m-1",
        "role": "assistant",
        "content": [],
        "usage": {"input_tokens": 3, "output_tokens": 1},
    },
}
END: Json = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"input_tokens": None, "output_tokens": 2}}
STOP: Json = {"type": "message_stop"}


def delta(text: str) -> Json:
    """A piece of a message."""
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
