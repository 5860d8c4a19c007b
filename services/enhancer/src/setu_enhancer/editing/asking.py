"""One request to one provider, whatever comes of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import structlog

from setu_common.errors import SetuError
from setu_common.llm import Answer, Finish, LlmContextTooLong, LlmNoAnswer, LlmRefusal, Message, Spent, spending
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.preparing import prepared, strays
from setu_enhancer.domain.prompting import (
    SHAPE,
    STOP,
    Prompt,
    completion_of,
    count,
    longest_answer_tokens,
    one_line,
    prompt_of,
)
from setu_enhancer.domain.replies import Reading, judge, nothing, read
from setu_enhancer.domain.windows import Ask, Window
from setu_enhancer.editing.hearing import Listener, Look
from setu_enhancer.editing.members import Member
from setu_enhancer.editing.sharing import FREE, Priced, shares, spent_usd

log = structlog.get_logger()


@dataclass(frozen=True)
class Answered:
    """What came of a request.

    Args:
        reading: by line; None if there was no answer at all.
        costs_usd: by line, of those that cost anything.
        provider: who answered, or was asked.
        model: which of its models.
        too_much: whether fewer lines might do better: the model declined, was cut off, said nothing, or can't hold so much.
        sent: whether a request was made.
    """

    reading: Reading | None
    costs_usd: Mapping[int, Decimal | None]
    provider: str
    model: str
    too_much: bool = False
    sent: bool = True


class Asker:
    """Makes requests, so many at a time.

    Args:
        prompt: what models are told.
        price: what requests cost.
        at_once: requests under way at once, of all providers together.
        timeout_s: how long one answer may take once its turn has come, attempts and pauses included, seconds.
    """

    def __init__(self, prompt: Prompt, price: Priced, *, at_once: int, timeout_s: float) -> None:
        self.requests = 0
        self.model_time_s = 0.0
        self._prompt = prompt
        self._price = price
        self._room = asyncio.Semaphore(at_once)
        self._timeout_s = timeout_s

    @property
    def knows_base_models(self) -> bool:
        """Whether the prompt has examples for models that only go on with a text."""
        return bool(self._prompt.completed)

    async def chat(self, member: Member, window: Window, look: Look) -> Answered:
        """Ask a chat model about a window.

        Args:
            member: whom.
            window: about what.
            look: told of each line as soon as it is whole in the answer.
        """
        asking, asks = prompt_of(window, self._prompt), window.asks
        messages = (Message("system", asking.system, cache=True), Message("user", asking.user))
        came = await self._answer(
            member,
            asks,
            lambda: member.provider.chat(
                messages,
                max_tokens=asking.max_tokens,
                shape=SHAPE,
                timeout_s=self._timeout_s,
                heard=Listener(asks, look),
                probabilities=False,
            ),
        )
        if isinstance(came, Answered):
            return came
        answer, cost = came
        cut_off = answer.finish is Finish.LENGTH
        reading = _without_marks(judge(asks, read(answer.text), cut_off=cut_off), asking.marks)
        if reading.faults:
            kinds = sorted({fault.kind for fault in reading.faults.values()})
            log.info("edit.reply_faulty", lines=len(asks), faulty=len(reading.faults), kinds=kinds, characters=len(answer.text))
        weights = [
            count(ask.line.source) + count(ask.line.draft) + count(reading.texts.get(ask.line.index, "")) for ask in asks
        ]
        costs = shares(cost, weights)
        return Answered(
            reading,
            {ask.line.index: cost for ask, cost in zip(asks, costs, strict=True)},
            answer.provider,
            self._model(member, answer),
            too_much=cut_off and not reading.texts,
        )

    async def complete(self, member: Member, ask: Ask, window: Window, *, with_draft: bool) -> Answered:
        """Have a base model go on with a text that ends where the edit of a line would begin."""
        index = ask.line.index
        prompt = completion_of(ask, window, self._prompt, with_draft=with_draft)
        most = longest_answer_tokens(ask.line)
        came = await self._answer(
            member,
            (ask,),
            lambda: member.provider.complete(prompt, max_tokens=most, stop=(STOP,), timeout_s=self._timeout_s),
        )
        if isinstance(came, Answered):
            return came
        answer, cost = came
        text = one_line(answer.text)
        reading = Reading({index: text}, {})
        if answer.finish is Finish.LENGTH:
            reading = nothing((ask,), "proportion", "the model did not come to an end")
        elif not any(map(str.isalnum, text)):
            reading = nothing((ask,), "empty", "the model had nothing to say")
        elif any(text.casefold() == each.text.casefold() for each in self._prompt.completed):
            reading = nothing((ask,), "comment", "the model repeats an example")
        elif strays(text, prepared(ask.line, window.entries, window.pair), window.pair):
            reading = nothing((ask,), "meaning", "a small model says something else than the draft")
        return Answered(reading, {index: cost}, answer.provider, self._model(member, answer))

    async def _answer(
        self, member: Member, asks: Sequence[Ask], ask: Callable[[], Awaitable[Answer[str]]]
    ) -> tuple[Answer[str], Decimal | None] | Answered:
        """The answer to one request, once there is room for it, and what that cost; what came of it if there is none."""
        unread = Answered(None, {}, member.provider.name, member.provider.model)
        async with self._room:
            if member.out:
                return replace(unread, sent=False)
            began_s = time.monotonic()
            self.requests += 1
            with spending() as spent:
                try:
                    answer = await ask()
                except (LlmRefusal, LlmContextTooLong, LlmNoAnswer) as error:
                    member.answered()
                    kind = "refusal" if isinstance(error, LlmRefusal) else "missing"
                    declined = nothing(asks, kind, error.title)
                    return replace(unread, reading=declined, costs_usd=self._lost(asks, spent), too_much=True)
                except SetuError as error:
                    member.failed(error)
                    return replace(unread, costs_usd=self._lost(asks, spent))
                finally:
                    self.model_time_s += time.monotonic() - began_s
        member.answered()
        return answer, spent_usd(spent, self._price)

    def _lost(self, asks: Sequence[Ask], spent: Sequence[Spent]) -> Mapping[int, Decimal | None]:
        """What requests without an answer cost, by line; nothing where they cost nothing."""
        cost = spent_usd(spent, self._price)
        if cost == FREE:
            return {}
        parts = shares(cost, [count(ask.line.source) + count(ask.line.draft) for ask in asks])
        return {ask.line.index: part for ask, part in zip(asks, parts, strict=True)}

    @staticmethod
    def _model(member: Member, answer: Answer[str]) -> str:
        """As it was asked for; who stands in for a provider has a model of its own."""
        return member.provider.model if answer.provider == member.provider.name else answer.model


def _without_marks(reading: Reading, marks: tuple[str, ...]) -> Reading:
    """Without texts that tell what only the instructions have: whoever does so obeyed a line."""
    telling = {number for number, text in reading.texts.items() if any(mark in text for mark in marks)}
    if not telling:
        return reading
    fault = Breach("instruction", "the text repeats what stands around the dialogue")
    kept = {number: text for number, text in reading.texts.items() if number not in telling}
    return Reading(kept, {**reading.faults, **dict.fromkeys(telling, fault)})
