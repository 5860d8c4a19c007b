"""What every provider of language models offers, and what it is asked with and answers."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import TracebackType
from typing import Generic, Literal, Protocol, Self, TypeVar

from pydantic import BaseModel

from setu_common.cost import Usage

V = TypeVar("V")
M = TypeVar("M", bound=BaseModel)

Role = Literal["system", "user", "assistant"]

Heard = Callable[[str], float | None]
"""Told the whole text of an answer so far, again and again while it is written; from its beginning if it has to be given anew.

It may say for how long it need not be told more, seconds: reading what came meanwhile together takes a tenth of the processor that each piece by itself does.
"""


class Finish(StrEnum):
    """Why a model stopped."""

    STOP = "stop"
    LENGTH = "length"
    OTHER = "other"


@dataclass(frozen=True)
class Message:
    """What is said to a model.

    Args:
        role: who says it. Messages of the system come first.
        text: what is said.
        cache: whether this and all before it comes again in later calls, so that keeping it pays. Providers that do so by themselves
            don't need to be told.
    """

    role: Role
    text: str
    cache: bool = False


@dataclass(frozen=True)
class Token:
    """One token of an answer.

    Args:
        length_bytes: how long it is in UTF-8; 0 if the provider does not tell.
        logprob: the natural logarithm of its probability, 0 or less.
    """

    length_bytes: int
    logprob: float


@dataclass(frozen=True)
class PassedOver:
    """A provider that was to answer and did not.

    Args:
        provider: its name.
        code: the error's stable code.
        detail: the error in words.
    """

    provider: str
    code: str
    detail: str


@dataclass(frozen=True)
class Answer(Generic[V]):
    """What a model answered.

    Args:
        value: the text, or the structure that was asked for.
        text: as it came.
        provider: which provider answered.
        model: which model, as the provider names it in its answer.
        usage: of all requests that it took, a repeated one included.
        finish: why it stopped; ``LENGTH``: it had more to say.
        tokens: the tokens of ``text``; none if the provider does not tell.
        passed_over: who should have answered before, and why not.
    """

    value: V
    text: str
    provider: str
    model: str
    usage: Usage
    finish: Finish = Finish.STOP
    tokens: tuple[Token, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()

    @property
    def confidence(self) -> float | None:
        """The geometric mean of the tokens' probabilities, exp(mean log p), 0..1; None if the provider does not tell them."""
        if not self.tokens:
            return None
        return min(math.exp(math.fsum(token.logprob for token in self.tokens) / len(self.tokens)), 1.0)

    def after(self, passed_over: Sequence[PassedOver]) -> Self:
        """The same answer, after others were asked."""
        return replace(self, passed_over=(*passed_over, *self.passed_over))


class LlmProvider(Protocol):
    """Has language models answer.

    ``timeout_s`` begins when the provider's limits let a request through, and again with an answer that has to be asked for once more.
    A bound deadline counts from the beginning, waiting included.

    What each request used is told to ``setu_common.llm.spending`` as well, since what came to nothing was billed all the same.

    All methods raise what ``setu_common.llm.errors`` lists; beside that ``CircuitOpen``, ``AnswerLate`` and ``DeadlineExceeded`` of
    ``setu_common.http``, and what the meter raises.
    """

    @property
    def name(self) -> str:
        """The provider's name."""

    @property
    def model(self) -> str:
        """The model that it asks, as the provider names it."""

    async def complete(
        self, prompt: str, *, max_tokens: int, stop: Sequence[str] = (), timeout_s: float | None = None
    ) -> Answer[str]:
        """Have a base model go on with a text, greedily.

        Args:
            prompt: the text.
            max_tokens: where it must end.
            stop: where it is to end; not part of the answer.
            timeout_s: how long an answer may take once its turn has come, attempts and pauses included, seconds; see above.
        """

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
        """Have a model answer, greedily where it can be asked to.

        Args:
            messages: those of the system first.
            max_tokens: where it must end.
            shape: a JSON schema that the model is held to if its provider can do that; the answer is its text, whatever it is.
            timeout_s: how long an answer may take once its turn has come, attempts and pauses included, seconds; see above.
            heard: told of the answer while it is written, if its provider can do that. It must be quick: nothing else goes on meanwhile.
            probabilities: whether those of its tokens are wanted. They make an answer many times as long.
        """

    async def chat_as(
        self,
        schema: type[M],
        messages: Sequence[Message],
        *,
        max_tokens: int,
        timeout_s: float | None = None,
        heard: Heard | None = None,
    ) -> Answer[M]:
        """Have a model answer in a form. An answer that doesn't have it is sent back once, with what is wrong with it.

        Args:
            schema: what the answer must be an instance of.
            messages: those of the system first.
            max_tokens: where it must end.
            timeout_s: how long an answer may take once its turn has come, attempts and pauses included, seconds; see above.
            heard: see ``chat``.
        """

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
