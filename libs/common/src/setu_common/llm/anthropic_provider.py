"""Anthropic's models, through the official SDK."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self, TypeVar

from anthropic import APIError, APIStatusError, AsyncAnthropic, Omit, omit
from anthropic.types import CacheControlEphemeralParam, MessageParam, OutputConfigParam, TextBlockParam
from pydantic import BaseModel, SecretStr

from setu_common.cost import Meter, Usage
from setu_common.http import Dependency, create_client
from setu_common.llm.anthropic_answers import error_of, read_message
from setu_common.llm.asking import Said, ask_for_structure, ask_for_text
from setu_common.llm.calling import Calls, Reading, input_bound, within
from setu_common.llm.errors import LlmModelUnknown
from setu_common.llm.limits import Limits
from setu_common.llm.provider import Answer, Message
from setu_common.llm.structured import in_words, strict_schema

M = TypeVar("M", bound=BaseModel)
API: Final = "https://api.anthropic.com"
_AROUND_A_MESSAGE: Final = 16
_FORMAT_TOKENS: Final = 512  # what the API adds to the prompt of a request with an output format, at most
_BAD_REQUEST: Final = 400
_KEPT: Final[CacheControlEphemeralParam] = {"type": "ephemeral"}


class AnthropicProvider:
    """A ``LlmProvider`` over ``/v1/messages``.

    Answers are not greedy, since the API has no temperature. A model that has no output formats is told the schema in words.

    Args:
        base_url: Anthropic's own unless told otherwise.
        model: as Anthropic names it.
        api_key: the account's.
        dependency: the provider's, with its circuit; its name is the provider's.
        limits: the provider's.
        meter: told of each request.
        billed_as: what the meter calls the provider.
        timeout_s: how long one read may take, seconds.
    """

    _formats = True

    def __init__(
        self,
        *,
        model: str,
        api_key: SecretStr,
        dependency: Dependency,
        limits: Limits,
        meter: Meter,
        base_url: str = API,
        billed_as: str = "anthropic",
        timeout_s: float = 60.0,
    ) -> None:
        http = create_client(base_url, service_token=None, timeout_s=timeout_s)
        self._client = AsyncAnthropic(
            base_url=base_url, api_key=api_key.get_secret_value(), timeout=http.timeout, max_retries=0, http_client=http
        )
        self._calls = Calls(billed_as=billed_as, model=model, dependency=dependency, limits=limits, meter=meter)

    @property
    def name(self) -> str:
        """The provider's name."""
        return self._calls.name

    @property
    def model(self) -> str:
        """The model that it asks."""
        return self._calls.model

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def complete(
        self,
        prompt: str,  # noqa: ARG002  see LlmProvider
        *,
        max_tokens: int,  # noqa: ARG002
        stop: Sequence[str] = (),  # noqa: ARG002
        timeout_s: float | None = None,  # noqa: ARG002
    ) -> Answer[str]:
        """Not offered: Anthropic's models are asked, not gone on with.

        Raises:
            LlmModelUnknown: always.
        """
        raise LlmModelUnknown(
            f"{self.name} has no base models. Ask {self.model} by chat.", provider=self.name, model=self.model
        )

    async def chat(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        shape: Mapping[str, object] | None = None,
        timeout_s: float | None = None,
    ) -> Answer[str]:
        """See ``LlmProvider``."""
        ask = self._asking(None if shape is None else dict(shape), "", None, max_tokens)
        with within(timeout_s):
            return await ask_for_text(self.name, ask, messages)

    async def chat_as(
        self, schema: type[M], messages: Sequence[Message], *, max_tokens: int, timeout_s: float | None = None
    ) -> Answer[M]:
        """See ``LlmProvider``."""
        wanted = strict_schema(schema)
        ask = self._asking(wanted, in_words(schema), schema, max_tokens)
        with within(timeout_s):
            return await ask_for_structure(self.name, ask, messages, schema)

    def _asking(
        self, wanted: dict[str, object] | None, told: str, schema: type[BaseModel] | None, max_tokens: int
    ) -> Callable[[Sequence[Message]], Awaitable[Said]]:
        async def ask(messages: Sequence[Message]) -> Said:
            texts = (*(each.text for each in messages), told or json.dumps(wanted, ensure_ascii=False))
            read = input_bound(texts, extra=_AROUND_A_MESSAGE) + _FORMAT_TOKENS
            if any(each.cache for each in messages):  # writing to the cache is the dearest that input can be
                bound = Usage(cache_write_tokens=read, output_tokens=max_tokens)
            else:
                bound = Usage(input_tokens=read, output_tokens=max_tokens)
            return await self._calls.make(lambda: self._message(messages, wanted, told, schema, max_tokens), bound=bound)

        return ask

    async def _message(
        self,
        messages: Sequence[Message],
        wanted: dict[str, object] | None,
        told: str,
        schema: type[BaseModel] | None,
        max_tokens: int,
    ) -> Reading[Said]:
        formats = self._formats
        while True:
            in_format = wanted is not None and formats
            config: OutputConfigParam | Omit = omit
            if in_format and wanted is not None:
                config = {"format": {"type": "json_schema", "schema": wanted}}
            said = (*messages, *([Message("user", told)] if told and not in_format else ()))
            try:
                answered = await self._client.messages.create(
                    model=self.model,
                    max_tokens=max_tokens,
                    system=[_block(each) for each in said if each.role == "system"] or omit,
                    messages=[_turn(each) for each in said if each.role != "system"],
                    output_config=config,
                )
            except APIStatusError as error:
                if not in_format or not _is_about_formats(error):
                    raise error_of(error, self.name, self.model) from error
                formats = False
            except (APIError, ValueError) as error:
                raise error_of(error, self.name, self.model) from error
            else:
                self._formats = formats
                return read_message(answered, self.name, schema)


def _is_about_formats(error: APIStatusError) -> bool:
    said = (error.api_message or "").lower()
    return error.status_code == _BAD_REQUEST and any(word in said for word in ("output_config", "output format", "schema"))


def _block(message: Message) -> TextBlockParam:
    block: TextBlockParam = {"type": "text", "text": message.text}
    if message.cache:
        block["cache_control"] = _KEPT
    return block


def _turn(message: Message) -> MessageParam:
    if message.role == "assistant":
        return {"role": "assistant", "content": [_block(message)]}
    return {"role": "user", "content": [_block(message)]}
