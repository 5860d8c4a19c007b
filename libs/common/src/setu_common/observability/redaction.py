"""What must never reach a log: audio, dialogue and keys."""

from typing import Any, Final

from pydantic import BaseModel
from structlog.typing import EventDict, WrappedLogger

SECRET_WORDS: Final = frozenset({"token", "password", "secret", "authorization", "cookie", "apikey", "key", "credentials"})
DIALOGUE_WORDS: Final = frozenset(
    {"text", "dialogue", "draft", "prompt", "segments", "words", "cues", "transcript", "audio", "body"}
)
PUBLIC_NAMES: Final = frozenset({"idempotency_key", "key_prefix"})
HIDDEN: Final = "[hidden]"


def redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide what may not be logged, by its name or its kind.

    A field is hidden when a word of its name (``api_token`` has two) says secret or dialogue; bytes are shown as their length, messages as their kind.
    It is a net under the rule not to log such things, no leave to do so.
    """
    for name, value in event.items():
        if name == "event":
            continue
        if isinstance(value, bytes | bytearray | memoryview):
            event[name] = f"[{len(value)} bytes]"
        elif isinstance(value, BaseModel):
            event[name] = f"[{type(value).__name__}]"
        elif isinstance(value, str | list | tuple | dict) and _must_hide(name):
            event[name] = HIDDEN
        elif isinstance(value, dict):
            event[name] = _redacted_mapping(value)
    return event


def _must_hide(name: str) -> bool:
    if name in PUBLIC_NAMES:
        return False
    words = name.lower().replace("-", "_").split("_")
    return any(word in SECRET_WORDS or word in DIALOGUE_WORDS for word in words)


def _redacted_mapping(mapping: dict[Any, Any]) -> dict[Any, Any]:  # Any: whatever was logged
    return {name: HIDDEN if isinstance(name, str) and _must_hide(name) else value for name, value in mapping.items()}
