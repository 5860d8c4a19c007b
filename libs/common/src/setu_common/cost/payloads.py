"""Usage as providers report it, in the classes that are billed apart: OpenAI counts cached input within its input, Anthropic beside it."""

from collections.abc import Mapping
from typing import Any

from setu_common.cost.usage import Usage

Payload = Mapping[str, Any]  # Any: JSON


def usage_of_openai(payload: Payload) -> Usage:
    """Usage as OpenAI has it: of chat completions, completions, responses, and transcriptions by tokens or by seconds.

    Args:
        payload: the answer's ``usage``, as JSON.
    """
    if payload.get("type") == "duration":
        return Usage(audio_s=float(payload["seconds"]))
    of_input = _first(payload, "prompt_tokens_details", "input_tokens_details", "input_token_details")
    of_output = _first(payload, "completion_tokens_details", "output_tokens_details")
    read, written, audio = (_count(of_input, name) for name in ("cached_tokens", "cache_write_tokens", "audio_tokens"))
    all_input = _count(payload, "prompt_tokens") or _count(payload, "input_tokens")
    return Usage(
        input_tokens=max(0, all_input - read - written - audio),
        cache_read_tokens=read,
        cache_write_tokens=written,
        input_audio_tokens=audio,
        output_tokens=_count(payload, "completion_tokens") or _count(payload, "output_tokens"),
        reasoning_tokens=_count(of_output, "reasoning_tokens"),
    )


def usage_of_anthropic(payload: Payload) -> Usage:
    """Usage as Anthropic has it. Of a stream: that of ``message_start``, overlaid with that of the last ``message_delta``.

    Args:
        payload: the message's ``usage``, as JSON.
    """
    by_time = payload.get("cache_creation") or {}
    written, for_an_hour = _count(payload, "cache_creation_input_tokens"), _count(by_time, "ephemeral_1h_input_tokens")
    return Usage(
        input_tokens=_count(payload, "input_tokens"),
        cache_read_tokens=_count(payload, "cache_read_input_tokens"),
        cache_write_tokens=max(0, written - for_an_hour),
        cache_write_1h_tokens=for_an_hour,
        output_tokens=_count(payload, "output_tokens"),
        reasoning_tokens=_count(payload.get("output_tokens_details") or {}, "thinking_tokens"),
    )


def _first(payload: Payload, *names: str) -> Payload:
    return next((found for name in names if (found := payload.get(name))), {})


def _count(payload: Payload, name: str) -> int:
    return int(payload.get(name) or 0)
