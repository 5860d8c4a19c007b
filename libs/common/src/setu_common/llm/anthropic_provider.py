"""Anthropic's models, through the official SDK."""

from collections.abc import Sequence
from typing import Final

from anthropic import APIError, APIStatusError, AsyncAnthropic, Omit, omit
from anthropic.types import CacheControlEphemeralParam, MessageParam, OutputConfigParam, TextBlockParam
from pydantic import SecretStr

from setu_common.cost import Meter, Usage
from setu_common.http import Dependency, create_client
from setu_common.llm.anthropic_answers import MessagePieces, error_of, read_message
from setu_common.llm.asking import Said
from setu_common.llm.calling import UNBILLED, Calls, Reading
from setu_common.llm.errors import LlmModelUnknown
from setu_common.llm.limits import Limits
from setu_common.llm.provider import Answer, Heard, Message
from setu_common.llm.sdk_provider import SdkProvider, Wanted

API: Final = "https://api.anthropic.com"
_FORMAT_TOKENS: Final = 512  # what the API adds to the prompt of a request with an output format, at most
_BAD_REQUEST: Final = 400
_KEPT: Final[CacheControlEphemeralParam] = {"type": "ephemeral"}


class AnthropicProvider(SdkProvider):
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
        calls = Calls(billed_as=billed_as, model=model, dependency=dependency, limits=limits, meter=meter)
        super().__init__(calls, self._client.close)

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

    def _bound(self, messages: Sequence[Message], wanted: Wanted, read: int) -> Usage:
        read += _FORMAT_TOKENS
        if any(each.cache for each in messages):  # writing to the cache is the dearest that input can be
            return Usage(cache_write_tokens=read, output_tokens=wanted.max_tokens)
        return Usage(input_tokens=read, output_tokens=wanted.max_tokens)

    async def _chat(self, messages: Sequence[Message], wanted: Wanted) -> Reading[Said]:
        formats = self._formats
        while True:
            heard = wanted.heard if self._streams else None
            config: OutputConfigParam | Omit = omit
            if wanted.shape is not None and formats:
                config = {"format": {"type": "json_schema", "schema": dict(wanted.shape)}}
            said = wanted.with_words(messages, held=formats)
            try:
                answered = await self._answer(said, wanted.max_tokens, config, heard)
            except APIStatusError as error:
                if config is omit or not _is_about_formats(error):
                    raise error_of(error, self.name, self.model) from error
                formats = False
            except (APIError, ValueError) as error:
                raise error_of(error, self.name, self.model) from error
            else:
                self._formats = formats
                return answered if isinstance(answered, Reading) else read_message(answered, self.name, wanted.schema)

    async def _answer(
        self, said: Sequence[Message], max_tokens: int, config: OutputConfigParam | Omit, heard: Heard | None
    ) -> object:
        """The message, or what was used and why there is none."""
        system = [_block(each) for each in said if each.role == "system"] or omit
        turns = [_turn(each) for each in said if each.role != "system"]
        if heard is None:
            return await self._client.messages.create(
                model=self.model, max_tokens=max_tokens, system=system, messages=turns, output_config=config
            )
        opening = self._client.messages.with_streaming_response.create(
            model=self.model,
            max_tokens=max_tokens,
            system=system,
            messages=turns,
            output_config=config,
            extra_body={"stream": True},
        )
        pieces = MessagePieces(self.name, self.model, max_tokens)
        try:
            return await self._listen(opening, pieces, heard)
        except UNBILLED as error:
            if (usage := pieces.begun_with) is None:
                raise
            return Reading(usage, error=error)


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
