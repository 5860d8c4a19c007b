"""What is done about bad answers: keep the good lines, ask again for the others, in the end leave them as they were.

    first provider      all lines of a window together
    when all windows of the text have been asked for, the bad lines of all of them, put together into as few requests as hold them:
    first provider      each with what was wrong with it                      (``repairs`` times)
                        those that it mixed up or left out, a few at a time
    each next provider  the bad ones together
    a base model        those that it can do something about, each alone: with the draft, then without

A window that was too much for the provider (it declined, was cut off, or can't hold so much) is asked for again in parts. Nothing is sent to a
provider again as it was. So a line is in 2 + ``repairs`` requests of the first provider at most, one of each other, and two of a base model.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from setu_common.contracts import ReasonKind
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.prompting import one_line
from setu_enhancer.domain.windows import Ask, Window
from setu_enhancer.editing.asking import Answered, Asker
from setu_enhancer.editing.gate import Gate
from setu_enhancer.editing.hearing import Look
from setu_enhancer.editing.members import Member, Members
from setu_enhancer.editing.outcomes import Offer
from setu_enhancer.editing.sharing import FREE, added

FEW: Final = 3
ACTS_ON: Final[frozenset[ReasonKind]] = frozenset({"name", "term", "idiom", "script"})
"""Reasons that a base model can do something about: it knows no context, but copies names and continues patterns."""
MIXED_UP: Final = frozenset({"ids", "missing", "place", "refusal"})
"""Faults that fewer lines at once help against. A name that a model was told of and did not write it won't write then either."""
SAYS_ELSE: Final = frozenset({"meaning", "place"})
TWO: Final = 2
LOST: Final = Breach(
    "place", "most texts that came with this one say something else than their lines: keep each text with its own id"
)

WindowOf = Callable[[Sequence[Ask]], Window]


class Climb:
    """Some lines on their way.

    Args:
        asker: makes the requests.
        gate: says what is wrong with an edit.
        asks: the lines, no more than fit one request.
        window_of: what is shown with some of them.
        look: told of texts while they come.
    """

    def __init__(self, asker: Asker, gate: Gate, asks: Iterable[Ask], window_of: WindowOf, look: Look) -> None:
        self.offers: dict[int, Offer] = {}
        self.too_much = False  # the last answer says that fewer lines might do better
        self.silent = False  # there was none, after all that the provider itself tries
        self._asker = asker
        self._gate = gate
        self.sent: dict[tuple[int, int], Ask] = {}  # by who was asked, and the line
        self._groups: list[tuple[int, list[Ask]]] = []
        self.asks = {ask.line.index: ask for ask in asks}
        self._window_of = window_of
        self._look = look

    @property
    def open(self) -> list[Ask]:
        """The lines that still have no edit which stands."""
        return [ask for index, ask in self.asks.items() if not self.offers.get(index, Offer()).stands]

    def part(self, asks: Iterable[Ask], window_of: WindowOf, look: Look) -> "Climb":
        """Some of the lines on a way of their own, with what came for them so far."""
        part = Climb(self._asker, self._gate, asks, window_of, look)
        part.add(self, list(part.asks))
        return part

    def add(self, other: "Climb", indices: Iterable[int]) -> None:
        """Take lines over from another."""
        for index in indices:
            self.asks[index] = other.asks[index]
            if index in other.offers:
                self.offers[index] = other.offers[index]
        self.sent |= {key: ask for key, ask in other.sent.items() if key[1] in self.asks}

    async def together(self, member: Member) -> None:
        """Ask for all open lines at once."""
        await self._chat(member, self.open)

    async def apart(self, member: Member) -> None:
        """Ask for the open lines that were mixed up, a few at a time."""
        asks = [ask for ask in self.open if is_mixed_up(ask)]
        for part in in_parts(asks):
            await self._chat(member, part)
            if self.silent:
                return

    async def complete(self, member: Member) -> None:
        """Ask a base model for what it can do, each line alone."""
        asks = [ask for ask in self.open if any(reason.kind in ACTS_ON for reason in ask.reasons)]
        await asyncio.gather(*(self._complete(member, ask) for ask in asks))

    async def _chat(self, member: Member, asks: Sequence[Ask]) -> None:
        """Ask for lines; those of which the answer would be the same are left out."""
        whom = id(member)
        asks = [ask for ask in asks if is_mixed_up(ask) or self.sent.get((whom, ask.line.index)) != ask]
        self.too_much = self.silent = False
        if not asks or member.out or (whom, asks) in self._groups:
            return
        self._groups.append((whom, asks))
        self.sent |= {(whom, ask.line.index): ask for ask in asks}
        answered = await self._asker.chat(member, self._window_of(asks), self._look)
        self.too_much = answered.too_much
        self.silent = answered.reading is None
        faults = self._faults(asks, answered)
        for ask in asks:
            self._take(ask, answered, faults.get(ask.line.index, ()))

    def _faults(self, asks: Sequence[Ask], answered: Answered) -> dict[int, tuple[Breach, ...]]:
        """What is wrong with each line of an answer.

        An answer that has most lines wrong in what they say, or hardly any right and some that say something else, lost count, and none of it is
        trusted. A text that was in such company, and comes again from the same model, is trusted only alone or among others most of which are right.
        """
        if answered.reading is None:
            return {}
        texts = answered.reading.texts
        found = {ask.line.index: self._of_reading(ask, answered) for ask in asks}
        wrong = [found[index] for index in texts if found[index]]
        elsewhere = sum(any(fault.kind in SAYS_ELSE for fault in faults) for faults in wrong)
        is_lost = len(wrong) >= TWO and (2 * elsewhere > len(texts) or (elsewhere > 0 and 3 * len(wrong) >= 2 * len(texts)))
        is_doubtful = len(texts) > 1 and 2 * len(wrong) >= len(texts) - 1
        for ask in asks:
            text = texts.get(ask.line.index, "")
            again = is_doubtful and LOST in ask.faults and text == ask.refused and self._is_by(ask, answered)
            if (is_lost or again) and not found[ask.line.index] and text != one_line(ask.line.draft):
                found[ask.line.index] = (LOST,)
        return found

    def _is_by(self, ask: Ask, answered: Answered) -> bool:
        """Whether the same model was the last to give a text for a line."""
        before = self.offers.get(ask.line.index, Offer())
        return (before.provider, before.model) == (answered.provider, answered.model)

    def _of_reading(self, ask: Ask, answered: Answered) -> tuple[Breach, ...]:
        if answered.reading is None:
            return ()
        text = answered.reading.texts.get(ask.line.index, "")
        return self._gate.faults(ask.line, text) if text else (answered.reading.faults[ask.line.index],)

    async def _complete(self, member: Member, ask: Ask) -> None:
        untranslated = any(reason.kind == "script" for reason in ask.reasons)
        for with_draft in (not untranslated, untranslated):
            answered = await self._asker.complete(member, ask, self._window_of((ask,)), with_draft=with_draft)
            self._take(ask, answered, self._of_reading(ask, answered))
            if answered.reading is None or self._changes(ask):
                return

    def _changes(self, ask: Ask) -> bool:
        offer = self.offers.get(ask.line.index, Offer())
        return offer.stands and offer.text != one_line(ask.line.draft)

    def _take(self, ask: Ask, answered: Answered, faults: tuple[Breach, ...]) -> None:
        index = ask.line.index
        before = self.offers.get(index, Offer())
        cost = added(before.cost_usd, answered.costs_usd.get(index, FREE))
        if answered.reading is None:
            if cost != before.cost_usd:
                asked = (before.provider or answered.provider, before.model or answered.model)
                self.offers[index] = replace(before, provider=asked[0], model=asked[1], cost_usd=cost)
            return
        text = answered.reading.texts.get(index, "")
        self.offers[index] = Offer(
            text=text or before.text,
            faults=faults,
            provider=answered.provider,
            model=answered.model,
            cost_usd=cost,
            requests=before.requests + 1,
        )
        if faults:
            self.asks[index] = replace(ask, faults=_told(faults), refused=text)


class Ladder:
    """Climbs it for one text.

    Args:
        members: who can be asked.
        asker: makes the requests.
        gate: says what is wrong with an edit.
        repairs: how often bad lines are asked for again together.
    """

    def __init__(self, members: Members, asker: Asker, gate: Gate, *, repairs: int) -> None:
        self._members = members
        self._asker = asker
        self._gate = gate
        self._repairs = repairs

    async def begin(self, asks: Sequence[Ask], window_of: WindowOf, look: Look) -> Climb:
        """Ask the first provider for the lines of a window; a next one, if it is out.

        Args:
            asks: the lines, no more than fit one request.
            window_of: what is shown with some of them.
            look: told of texts while they come.

        Returns:
            What came; what is ``open`` in it is to be mended.
        """
        climb = Climb(self._asker, self._gate, asks, window_of, look)
        for member in self._members.all:
            if not member.out and not member.completes:
                await climb.together(member)
                if not member.out:
                    break
        return climb

    async def mend(self, begun: Sequence[Climb], window_of: WindowOf, most: int, look: Look) -> Mapping[int, Offer]:
        """Ask again for the bad lines of all windows, until each has an edit that nothing is wrong with, or nobody is left.

        Args:
            begun: the windows, as ``begin`` left them.
            window_of: what is shown with some lines of any of them.
            most: lines of a request.
            look: told of texts while they come.

        Returns:
            By index, what came: for each bad line of which anybody was asked.
        """
        pool = Climb(self._asker, self._gate, (), window_of, look)
        for climb in begun:
            if not climb.too_much:
                pool.add(climb, [ask.line.index for ask in climb.open])
        waiting = [pool.part(pool.open[at : at + most], window_of, look) for at in range(0, len(pool.open), most)]
        parts = [
            (climb.part(part, window_of, look), len(climb.open))
            for climb in begun
            if climb.too_much
            for part in in_parts(climb.open)
        ]
        await asyncio.gather(
            *(self._mend(climb, again=self._repairs, apart=True) for climb in waiting),
            *(self._mend(climb, again=1 if len(climb.open) < whole_size else 0, apart=False) for climb, whole_size in parts),
        )
        mended = (*waiting, *(climb for climb, _ in parts))
        return {index: offer for climb in mended for index, offer in climb.offers.items()}

    async def _mend(self, climb: Climb, *, again: int, apart: bool) -> None:
        mended = False  # by the first provider, or by who stands in for it
        for member in self._members.all:
            if not climb.open:
                return
            if member.out:
                continue
            if member.completes:
                if self._asker.knows_base_models:
                    await climb.complete(member)
            elif mended:
                await climb.together(member)
            else:
                for _ in range(again):
                    await climb.together(member)
                    if climb.too_much or climb.silent:
                        break
                if apart and not climb.silent:
                    await climb.apart(member)
                mended = not member.out


def is_mixed_up(ask: Ask) -> bool:
    """Whether a line may come out better in other company."""
    return any(fault.kind in MIXED_UP for fault in ask.faults)


def in_parts(asks: Sequence[Ask]) -> list[Sequence[Ask]]:
    """A few lines at a time: half of them, or ``FEW``."""
    few = max(1, min(FEW, -(-len(asks) // 2)))
    return [asks[start : start + few] for start in range(0, len(asks), few)]


def _told(faults: Sequence[Breach]) -> tuple[Breach, ...]:
    """Each kind of fault once."""
    return tuple({(fault.kind, fault.detail): fault for fault in faults}.values())
