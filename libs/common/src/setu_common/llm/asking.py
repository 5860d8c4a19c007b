"""Asking until the answer has its form, or it is plain that it won't: what all providers do alike."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel

from setu_common.cost import Usage
from setu_common.llm.errors import LlmInvalidOutput, LlmNoAnswer
from setu_common.llm.provider import Answer, Finish, Message, Token
from setu_common.llm.structured import read_as, repair

M = TypeVar("M", bound=BaseModel)
ASKED_AT_MOST: Final = 2


@dataclass(frozen=True)
class Said:
    """What a model said in one answer.

    Args:
        text: as it came; empty if it said nothing.
        model: as the provider names it.
        usage: what it used; nothing if the provider does not say.
        finish: why it stopped.
        tokens: those of the text, if the provider tells them.
    """

    text: str
    model: str
    usage: Usage
    finish: Finish
    tokens: tuple[Token, ...] = ()

    def answers(self, schema: type[BaseModel] | None) -> bool:
        """Whether it is an answer, of the form that was asked for."""
        if schema is None:
            return bool(self.text.strip())
        try:
            read_as(self.text, schema)
        except ValueError:
            return False
        return True


Ask = Callable[[Sequence[Message]], Awaitable[Said]]


async def ask_for_text(provider: str, ask: Ask, messages: Sequence[Message]) -> Answer[str]:
    """Ask; once more if nothing comes.

    Raises:
        LlmNoAnswer: nothing came twice.
    """
    usage = Usage()
    for _ in range(ASKED_AT_MOST):
        said = await ask(messages)
        usage += said.usage
        if said.text.strip() or said.finish is Finish.LENGTH:
            return Answer(said.text, said.text, provider, said.model, usage, said.finish, said.tokens)
    raise _nothing(provider)


async def ask_for_structure(provider: str, ask: Ask, messages: Sequence[Message], schema: type[M]) -> Answer[M]:
    """Ask; once more if what comes does not have the form, with what is wrong with it.

    Raises:
        LlmNoAnswer: nothing came.
        LlmInvalidOutput: the second answer does not have the form either, or the first one was cut off.
    """
    usage, asked, fault = Usage(), tuple(messages), ""
    for _ in range(ASKED_AT_MOST):
        said = await ask(asked)
        usage += said.usage
        try:
            value = read_as(said.text, schema)
        except ValueError as error:
            if said.finish is Finish.LENGTH:
                raise LlmInvalidOutput(
                    f"{provider} was cut off in the middle of its answer. Allow more tokens, or ask for less at once.",
                    provider=provider,
                    cut_off=True,
                ) from error
            fault = "empty" if not said.text.strip() else type(error).__name__
            if said.text.strip():
                asked = (*messages, *repair(said.text, error))
        else:
            return Answer(value, said.text, provider, said.model, usage, said.finish, said.tokens)
    if fault == "empty":
        raise _nothing(provider)
    raise LlmInvalidOutput(
        f"{provider} answered twice, and neither answer has the form of {schema.__name__}. Ask for something simpler, or another model.",
        provider=provider,
        cut_off=False,
    )


def _nothing(provider: str) -> LlmNoAnswer:
    return LlmNoAnswer(f"{provider} was asked twice and said nothing. Ask in another way, or another model.", provider=provider)
