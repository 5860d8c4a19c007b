"""What Anthropic answers, read with distrust: the SDK checks nothing of what comes."""

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
from setu_common.llm.statuses import quota_gone, refused, too_long, unreached, unreadable

_FINISHES: Final = {"end_turn": Finish.STOP, "stop_sequence": Finish.STOP, "max_tokens": Finish.LENGTH}
# The API has no code of its own for these two; the wording is what its documentation of errors shows.
_TOO_LONG: Final = ("prompt is too long", "exceed context limit", "context window")
_NO_CREDIT: Final = "credit balance is too low"


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
    named: object = told.model
    model = named if isinstance(named, str) else ""
    if told.stop_reason == "refusal":
        category = getattr(told.stop_details, "category", None)
        why = f" ({category})" if isinstance(category, str) else ""
        declined = LlmRefusal(f"{provider}: the model declines to answer this{why}.", provider=provider, model=model)
        return Reading(usage, error=declined)
    if told.stop_reason == "model_context_window_exceeded":
        return Reading(usage, error=too_long(provider, model))
    parts = [getattr(block, "text", None) for block in content if getattr(block, "type", None) == "text"]
    text = "".join(part for part in parts if isinstance(part, str))
    said = Said(text, model, usage or Usage(), _FINISHES.get(told.stop_reason or "", Finish.OTHER))
    return Reading(usage, said, useful=said.answers(schema))


def _usage(told: Message) -> Usage | None:
    if not isinstance(told.usage, BaseModel):
        return None
    try:
        return usage_of_anthropic(told.usage.to_dict(warnings=False))
    except (TypeError, ValueError, AttributeError):  # figures that are none
        return None
