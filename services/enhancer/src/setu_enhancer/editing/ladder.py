"""What is done about bad answers: keep the good lines, ask again for the others, in the end leave them as they were.

    first provider      all lines of the window together
                        the bad ones, each with what was wrong with it        (``repairs`` times)
                        the bad ones, a few at a time
    each next provider  the bad ones together
    a base model        those that it can do something about, each alone: with the draft, then without; last the draft with
                        its names in place, by rule, where it is plain which words were names

So a line is in 2 + ``repairs`` requests of the first provider at most, one of each other, and two of a base model.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from setu_common.contracts import ReasonKind
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.preparing import prepared
from setu_enhancer.domain.prompting import one_line
from setu_enhancer.domain.windows import Ask, Window
from setu_enhancer.editing.asking import Answered, Asker
from setu_enhancer.editing.gate import Gate
from setu_enhancer.editing.members import Member, Members
from setu_enhancer.editing.outcomes import Offer
from setu_enhancer.editing.sharing import added

FEW: Final = 3
RULES: Final = "rules"
NAMES: Final = "names"
ACTS_ON: Final[frozenset[ReasonKind]] = frozenset({"name", "term", "idiom", "script"})
"""Reasons that a base model can do something about: it knows no context, but copies names and continues patterns."""

WindowOf = Callable[[Sequence[Ask]], Window]


class Ladder:
    """Climbs it for one text.

    Args:
        members: who can be asked.
        asker: makes the requests.
        gate: says what is wrong with an edit.
        repairs: how often the bad lines of a window are asked for again together.
    """

    def __init__(self, members: Members, asker: Asker, gate: Gate, *, repairs: int) -> None:
        self._members = members
        self._asker = asker
        self._gate = gate
        self._repairs = repairs

    async def climb(self, asks: Sequence[Ask], window_of: WindowOf) -> Mapping[int, Offer]:
        """Ask for lines until each has an edit that nothing is wrong with, or nobody is left to be asked.

        Args:
            asks: the lines, no more than fit one request.
            window_of: what is shown with some of them.

        Returns:
            By index, what came: for each line of which anybody was asked.
        """
        climb = _Climb(self._asker, self._gate, asks, window_of)
        first = True
        for member in self._members.all:
            if not climb.open:
                break
            if member.out:
                continue
            if member.completes:
                if self._asker.knows_base_models:
                    await climb.complete(member)
            else:
                await climb.together(member)
                if first:
                    await self._again(climb, member)
                first = first and member.out
        return climb.offers

    async def _again(self, climb: "_Climb", member: Member) -> None:
        for _ in range(self._repairs):
            if not climb.open or climb.too_much or climb.silent:
                break
            await climb.together(member)
        if len(climb.open) > 1 and not climb.silent:
            await climb.apart(member)


class _Climb:
    """The lines of one window on their way."""

    def __init__(self, asker: Asker, gate: Gate, asks: Sequence[Ask], window_of: WindowOf) -> None:
        self.offers: dict[int, Offer] = {}
        self.too_much = False  # the last answer says that fewer lines might do better
        self.silent = False  # there was none, after all that the provider itself tries
        self._asker = asker
        self._gate = gate
        self._sent: list[tuple[int, tuple[Ask, ...]]] = []
        self._asks = {ask.line.index: ask for ask in asks}
        self._window_of = window_of

    @property
    def open(self) -> list[Ask]:
        """The lines that still have no edit which stands."""
        return [ask for index, ask in self._asks.items() if not self.offers.get(index, Offer()).stands]

    async def together(self, member: Member) -> None:
        """Ask for all open lines at once."""
        await self._chat(member, self.open)

    async def apart(self, member: Member) -> None:
        """Ask for the open lines, a few at a time."""
        asks = self.open
        few = min(FEW, -(-len(asks) // 2))
        for start in range(0, len(asks), few):
            await self._chat(member, asks[start : start + few])
            if self.silent:
                return

    async def complete(self, member: Member) -> None:
        """Ask a base model for what it can do, each line alone."""
        asks = [ask for ask in self.open if any(reason.kind in ACTS_ON for reason in ask.reasons)]
        await asyncio.gather(*(self._complete(member, ask) for ask in asks))

    async def _chat(self, member: Member, asks: Sequence[Ask]) -> None:
        if (id(member), tuple(asks)) in self._sent:
            return  # the answer would be the same
        self._sent.append((id(member), tuple(asks)))
        answered = await self._asker.chat(member, self._window_of(asks))
        self.too_much = answered.too_much
        self.silent = answered.reading is None
        for ask in asks:
            self._take(ask, answered)

    async def _complete(self, member: Member, ask: Ask) -> None:
        untranslated = any(reason.kind == "script" for reason in ask.reasons)
        for with_draft in (not untranslated, untranslated):
            answered = await self._asker.complete(member, ask, self._window_of((ask,)), with_draft=with_draft)
            self._take(ask, answered)
            if answered.reading is None or self._changes(ask):
                return
        self._name(ask)

    def _changes(self, ask: Ask) -> bool:
        offer = self.offers.get(ask.line.index, Offer())
        return offer.stands and offer.text != one_line(ask.line.draft)

    def _name(self, ask: Ask) -> None:
        """What such a model is asked for most, done by rule where it failed: the draft as it was shown it, with its names in place."""
        window = self._window_of((ask,))
        shown = prepared(ask.line, window.entries, window.pair)
        text, before = one_line(shown.draft), self.offers[ask.line.index]
        if shown.names and not self._gate.faults(ask.line, text):
            self.offers[ask.line.index] = replace(before, text=text, faults=(), provider=RULES, model=NAMES)

    def _take(self, ask: Ask, answered: Answered) -> None:
        if answered.reading is None:
            return
        index = ask.line.index
        before = self.offers.get(index, Offer())
        text = answered.reading.texts.get(index, "")
        faults = self._gate.faults(ask.line, text) if text else (answered.reading.faults[index],)
        cost = added(before.cost_usd, answered.costs_usd.get(index, Decimal(0)))
        self.offers[index] = Offer(
            text=text or before.text,
            faults=tuple(faults),
            provider=answered.provider,
            model=answered.model,
            cost_usd=cost,
            requests=before.requests + 1,
        )
        self._asks[index] = replace(ask, faults=_told(faults), refused=text)


def _told(faults: Sequence[Breach]) -> tuple[Breach, ...]:
    """Each kind of fault once."""
    return tuple({(fault.kind, fault.detail): fault for fault in faults}.values())
