"""What a provider does around its SDK's requests, whichever SDK that is."""

import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self, TypeVar

from pydantic import BaseModel

from setu_common.cost import Usage
from setu_common.http import Response
from setu_common.llm.asking import Ask, Said, ask_for_structure, ask_for_text
from setu_common.llm.calling import Calls, Reading, believed, input_bound
from setu_common.llm.provider import Answer, Heard, Message
from setu_common.llm.statuses import broken_off
from setu_common.llm.streaming import Pieces, follow, is_stream, unbroken
from setu_common.llm.structured import in_words, strict_schema

M = TypeVar("M", bound=BaseModel)
UNENDED_AT_MOST: Final = 3  # streams in a row; one alone is an accident
AROUND_A_MESSAGE: Final = 16  # tokens that a chat template puts around one, at most


@dataclass(frozen=True)
class Wanted:
    """What an answer is to be like.

    Args:
        max_tokens: where it must end.
        shape: the JSON schema that the model is held to, if it can be; None for plain text.
        name: the schema's.
        told: the same in words, for models that can't be held to it; empty if they need not be told.
        schema: what the answer must be an instance of.
        heard: told of the answer while it is written.
        probabilities: whether those of its tokens are wanted.
    """

    max_tokens: int
    shape: Mapping[str, object] | None = None
    name: str = "answer"
    told: str = ""
    schema: type[BaseModel] | None = None
    heard: Heard | None = None
    probabilities: bool = True

    def with_words(self, messages: Sequence[Message], *, held: bool) -> Sequence[Message]:
        """The messages, and what a model is told that is not held to the schema."""
        return messages if held or not self.told else (*messages, Message("user", self.told))


class Opened(Protocol):
    """An answer of either SDK of which the head has come."""

    @property
    def http_response(self) -> Response:
        """The HTTP library's."""

    async def parse(self) -> object:
        """Read it as what it is at once."""


class SdkProvider(ABC):
    """A ``LlmProvider``, but for how a request is made, and how a prompt is continued.

    Args:
        calls: makes its requests.
        close: closes the SDK's client.
    """

    _unended = 0  # streams in a row

    def __init__(self, calls: Calls, close: Callable[[], Awaitable[None]]) -> None:
        self._calls = calls
        self._close = close

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
        await self._close()

    async def chat(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        shape: Mapping[str, object] | None = None,
        timeout_s: float | None = None,
        heard: Heard | None = None,
        probabilities: bool = True,
    ) -> Answer[str]:
        """See ``LlmProvider``."""
        wanted = Wanted(max_tokens, shape, heard=heard, probabilities=probabilities)
        return await ask_for_text(self.name, self._asking(wanted, timeout_s), messages)

    async def chat_as(
        self,
        schema: type[M],
        messages: Sequence[Message],
        *,
        max_tokens: int,
        timeout_s: float | None = None,
        heard: Heard | None = None,
    ) -> Answer[M]:
        """See ``LlmProvider``."""
        wanted = Wanted(max_tokens, strict_schema(schema), schema.__name__, in_words(schema), schema, heard)
        return await ask_for_structure(self.name, self._asking(wanted, timeout_s), messages, schema)

    @abstractmethod
    async def _chat(self, messages: Sequence[Message], wanted: Wanted) -> Reading[Said]:
        """Make one request. It raises errors of ``setu_common.llm.errors``."""

    @abstractmethod
    def _bound(self, messages: Sequence[Message], wanted: Wanted, read: int) -> Usage:
        """The most that one request can use, where what is said is ``read`` tokens at most."""

    @property
    def _streams(self) -> bool:
        """Whether streams are asked for: not of who does not say, again and again, how they end or what they used."""
        return self._unended < UNENDED_AT_MOST

    async def _listen(self, opening: AbstractAsyncContextManager[Opened], pieces: Pieces, heard: Heard) -> object:
        """The answer to a request for a stream. Where its head is an error, the SDKs read the body while it is opened."""
        with unbroken(self.name):
            async with opening as opened:
                if not is_stream(opened.http_response):
                    return await opened.parse()
                told = await follow(opened.http_response, pieces, heard)
        self._unended = 0 if told is not None and pieces.billed else self._unended + 1
        if told is None:
            raise broken_off(self.name)
        return told

    def _asking(self, wanted: Wanted, timeout_s: float | None) -> Ask:
        async def ask(messages: Sequence[Message]) -> Said:
            texts = (*(each.text for each in messages), wanted.told or json.dumps(wanted.shape, ensure_ascii=False))
            bound = self._bound(messages, wanted, input_bound(texts, extra=AROUND_A_MESSAGE))

            async def once() -> Reading[Said]:
                return believed(await self._chat(messages, wanted), bound)

            return await self._calls.make(once, bound=bound, timeout_s=timeout_s)

        return ask
