"""What Anthropic answers, read with distrust: the SDK checks nothing of what comes."""

from collections.abc import Mapping
from typing import Final

from anthropic import APIConnectionError, APIError, APIStatusError, APITimeoutError
from anthropic.types import Message
from pydantic import BaseModel

from setu_common.cost import Usage
from setu_common.cost.payloads import usage_of_anthropic
from setu_common.errors import SetuError
from setu_common.llm.asking import Said
from setu_common.llm.calling import Reading
from setu_common.llm.errors import LlmRefusal
from setu_common.llm.provider import Finish
from setu_common.llm.statuses import quota_gone, refused, refused_midway, too_long, unreached, unreadable
from setu_common.llm.streaming import Json, Pieces, larger
from setu_common.llm.structured import writable

_FINISHES: Final = {"end_turn": Finish.STOP, "stop_sequence": Finish.STOP, "max_tokens": Finish.LENGTH}
# The API has no code of its own for these two; the wording is what its documentation of errors shows.
_TOO_LONG: Final = ("prompt is too long", "exceed context limit", "context window")
_NO_CREDIT: Final = "credit balance is too low"
_HEAD: Final = ("id", "type", "role", "model", "stop_reason", "stop_sequence", "stop_details")
# Source: Anthropic's list of errors; what others say in the midst of an answer is that it breaks off.
_STATUSES: Final = {"invalid_request_error": 400, "billing_error": 402, "rate_limit_error": 429, "overloaded_error": 529}


def error_of(error: APIError | ValueError, provider: str, model: str) -> SetuError:
    """Why there is no answer."""
    if isinstance(error, APIConnectionError):
        return unreached(error, provider, late=isinstance(error, APITimeoutError))
    if not isinstance(error, APIStatusError):
        return unreadable(provider)  # a body that says it is JSON and is not
    said = (error.api_message or "").lower()
    if any(words in said for words in _TOO_LONG):
        return too_long(provider, model)
    if error.type == "billing_error" or _NO_CREDIT in said:
        return quota_gone(provider, error.status_code)
    return refused(error.status_code, error.response.headers.get("Retry-After"), provider, model)


def read_message(told: object, provider: str, schema: type[BaseModel] | None) -> Reading[Said]:
    """What a message says."""
    content: object = getattr(told, "content", None)
    if not isinstance(told, Message) or not isinstance(content, list):
        return Reading(None, error=unreadable(provider))
    usage = _usage(told)
    model = writable(told.model)
    if told.stop_reason == "refusal":
        category = getattr(told.stop_details, "category", None)
        why = f" ({category})" if isinstance(category, str) else ""
        declined = LlmRefusal(f"{provider}: the model declines to answer this{why}.", provider=provider, model=model)
        return Reading(usage, error=declined)
    if told.stop_reason == "model_context_window_exceeded":
        return Reading(usage, error=too_long(provider, model))
    parts = [getattr(block, "text", None) for block in content if getattr(block, "type", None) == "text"]
    text = writable("".join(part for part in parts if isinstance(part, str)))
    said = Said(text, model, usage or Usage(), _FINISHES.get(told.stop_reason or "", Finish.OTHER))
    return Reading(usage, said, useful=said.answers(schema))


class MessagePieces(Pieces):
    """What came of a message so far."""

    def __init__(self, provider: str, model: str, most_tokens: int) -> None:
        super().__init__(provider, model, most_tokens)
        self._message: dict[str, Json] = {}
        self._used: dict[str, Json] = {}
        self._begun = False

    @property
    def told(self) -> Message | None:
        """See ``Pieces``."""
        if not self.ended:
            return None
        content = [{"type": "text", "text": text}] if (text := self.end()) else []
        head = {name: self._message.get(name) for name in _HEAD}
        return Message.construct(None, **head, content=content, usage=self._used or None)

    @property
    def ended(self) -> bool:
        """See ``Pieces``."""
        return bool(self._message.get("stop_reason"))

    @property
    def begun_with(self) -> Usage | None:
        """What the beginning says that it used, which is billed though no word follows; None if it does not say."""
        first = self._message.get("usage")
        return _usage(Message.construct(None, usage=first)) if isinstance(first, dict) and first else None

    @property
    def billed(self) -> bool:
        """See ``Pieces``. What the beginning says of the words is no more than that there will be some."""
        return bool(self._used)

    def take(self, event: Mapping[str, Json]) -> None:
        """See ``Pieces``."""
        match event.get("type"):
            case "message_start":
                self._message = dict(_named(event.get("message")))
            case "content_block_start":
                self.say(_named(event.get("content_block")).get("text"))
            case "content_block_delta":
                delta = _named(event.get("delta"))
                self._begun = self._begun or any(said for name, said in delta.items() if name != "type")  # thoughts, too
                self.say(delta.get("text"))
            case "message_delta":
                self._message |= _named(event.get("delta"))
                last = _named(event.get("usage"))
                if (first := _named(self._message.get("usage"))) and last.get("output_tokens") is not None:
                    self._used = larger(self._used or {**first, "output_tokens": 0}, last)
            case "message_stop":
                self.over = True
            case "error":
                kind = _named(event.get("error")).get("type")
                raise refused_midway(_STATUSES.get(str(kind)), self.provider, self.model, begun=self._begun)


def _named(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _usage(told: Message) -> Usage | None:
    if not isinstance(told.usage, BaseModel):
        return None
    try:
        return usage_of_anthropic(told.usage.to_dict(warnings=False))
    except (TypeError, ValueError, AttributeError, OverflowError):  # figures that are none
        return None
