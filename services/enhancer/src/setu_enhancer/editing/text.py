"""One text under way: window by window, then what came back wrong of all windows together."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog

from setu_common.contracts import Reason, ReasonKind
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.prompting import Prompt
from setu_enhancer.domain.windows import Ask, Example, Film, Window
from setu_enhancer.editing.gate import Gate
from setu_enhancer.editing.ladder import Climb, Ladder
from setu_enhancer.editing.members import Member, Members
from setu_enhancer.editing.opinions import Opinions
from setu_enhancer.editing.outcomes import Edited, Offer
from setu_enhancer.editing.sharing import added
from setu_enhancer.memory import Made, Memory, Remembered, exact_key

OF_ITSELF: Final[frozenset[ReasonKind]] = frozenset({"name", "term", "idiom", "script", "number"})
"""Reasons that lie in a line, whatever is said around it: an edit that was kept for one of them will do wherever the same is said again."""
GOES_AHEAD: Final = 2
"""Of more windows than these one goes ahead, so that the others find the instructions in the provider's cache."""

log = structlog.get_logger()

Progress = Callable[[float], None]
"""Told how much of the lines that were chosen is done, 0..1."""


@dataclass
class Text:
    """A text that is edited.

    Args:
        film: the text.
        chosen: why lines were chosen, by index.
        members: who can be asked.
        gate: decides what is kept.
        ladder: asks.
        memory: what was edited before, and is kept of this.
        prompt: what models are told.
        examples: earlier edits of lines like it that a model is shown for each, at most.
        opinions: of the gate's judge, if it has one that costs something.
        progress: told how far it is.
    """

    film: Film
    chosen: Mapping[int, tuple[Reason, ...]]
    members: Members
    gate: Gate
    ladder: Ladder
    memory: Memory
    prompt: Prompt
    examples: int
    opinions: Opinions | None
    progress: Progress | None

    def __post_init__(self) -> None:
        self.notes: list[str] = []
        self.degraded = ""
        self._lines = {line.index: line for line in self.film.lines}
        self._edited: dict[int, Edited] = {}
        self._unheard: list[int] = []
        self._known: Mapping[str, Remembered] = {}
        self._keys: dict[tuple[int, str, bool], str] = {}
        self._begun: list[Climb] = []
        self._leaders: dict[int, Member | None] = {}

    async def edit(self, most_lines: int) -> Mapping[int, Edited]:
        """Edit all; by index."""
        sought = [key for index in self.chosen for key in (self._key(index), self._key_alone(index)) if key]
        self._known = await self.memory.exact(sought, of_edits=True) if sought else {}
        runs = list(self.film.runs(list(self.chosen), most_lines))
        if sum(map(len, runs)) > GOES_AHEAD:
            await self._run(runs[0][:1])
            runs[:1] = [runs[0][1:]] if runs[0][1:] else []
        try:
            async with asyncio.TaskGroup() as group:
                for run in runs:
                    group.create_task(self._run(run))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None  # the others were cancelled for it
        await self._mend(most_lines)
        finals = self._finals()
        for line in self.film.lines:
            if line.index not in self._edited:
                self._edited[line.index] = Edited(line, line.draft, before=self.gate.plain(line, finals))
        self._conclude()
        return self._edited

    async def _run(self, run: Sequence[tuple[int, ...]]) -> None:
        for indices in run:
            known = {index: offer for index in indices if (offer := self._recalled(index))}
            asks = [await self._ask(index) for index in indices if index not in known] if self.members.usable else []
            self._leaders |= dict.fromkeys((ask.line.index for ask in asks), next(iter(self.members.usable), None))
            seen = {index: offer.text for index, offer in known.items() if offer.stands}
            climb = await self._begin(asks, seen) if asks else None
            offers = {index: offer for index, offer in climb.offers.items() if offer.stands} if climb else {}
            if climb and climb.open:
                self._begun.append(climb)
            self._unheard += [index for index in indices if index not in known and not asks]
            await self._decide({**known, **offers, **{index: Offer() for index in indices if index not in known and not asks}})

    async def _begin(self, asks: Sequence[Ask], seen: Mapping[int, str]) -> Climb:
        """Ask for the lines of a window; their drafts are looked at while the model is waited for, and the edits while it writes."""
        async with self.gate.preparing([ask.line for ask in asks], self._finals()) as look:
            return await self.ladder.begin(asks, partial(self._window, seen=seen), look)

    async def _mend(self, most_lines: int) -> None:
        """What came back wrong, of all windows together."""
        if not self._begun:
            return
        left = [ask.line.index for climb in self._begun for ask in climb.open]
        async with self.gate.preparing((), self._finals()) as look:
            came = await self.ladder.mend(self._begun, self._window, most_lines, look)
        self._unheard += [index for index in left if not came.get(index, Offer()).requests]
        await self._decide({index: came.get(index, Offer()) for index in sorted(left, key=list(self._lines).index)})

    def _window(self, asks: Sequence[Ask], seen: Mapping[int, str] | None = None) -> Window:
        return self.film.window(asks, {**self._finals(), **(seen or {})})

    def _finals(self) -> dict[int, str]:
        return {index: each.text for index, each in self._edited.items()}

    async def _decide(self, offers: Mapping[int, Offer]) -> None:
        """What becomes of lines."""
        came = [(self._lines[index], offer) for index, offer in offers.items()]
        decided = [replace(each, reasons=self.chosen[each.line.index]) for each in await self.gate.decide(came, self._finals())]
        await self._remember(decided)
        for each in decided:
            if self.opinions:
                each = replace(each, cost_usd=added(each.cost_usd, self.opinions.cost_usd(each.line.index)))  # noqa: PLW2901
            self._edited[each.line.index] = each
        if self.progress is not None and decided:
            self.progress(len(self._edited) / len(self.chosen))

    async def _ask(self, index: int) -> Ask:
        line = self._lines[index]
        alike = await self.memory.similar(self.film.pair, line.source, self.examples) if self.examples else ()
        return Ask(line, self.chosen[index], tuple(Example(each.source, each.text) for each in alike))

    def _recalled(self, index: int) -> Offer | None:
        """What was made of a line before; None if nothing was."""
        line = self._lines[index]
        if kept := self._known.get(self._key(index)):
            if self.opinions:
                self.opinions.recall(index, kept.opinion)
            faults: tuple[Breach, ...] = (Breach("missing", "nothing usable came for this line before"),)
            return Offer(
                kept.offered,
                self.gate.faults(line, kept.offered) if kept.offered else faults,
                kept.provider,
                kept.model,
                cached=True,
            )
        if (kept := self._known.get(self._key_alone(index))) and not self.gate.faults(line, kept.offered):
            return Offer(kept.offered, (), kept.provider, kept.model, cached=True)
        return None

    async def _remember(self, decided: Sequence[Edited]) -> None:
        """Keep what came, also what was not good enough: asking again would cost the same, and bring no more.

        But what nobody could be asked to mend, since the budget ended or a circuit opened, is asked for again another time.
        """
        made = [made for each in decided for made in self._made(each)]
        if made:
            await self.memory.remember(self.film.pair, made)

    def _made(self, edited: Edited) -> list[Made]:
        index = edited.line.index
        anew = edited.requests > 0
        if not anew and not (edited.cached and self.opinions and self.opinions.is_new(index)):
            return []
        leader = self._leaders.get(index)
        if anew and leader is not None and leader.out and edited.rejected and edited.after is None:
            return []
        model = self._asked_first(edited) if anew else None
        made = Made(
            key=self._key(index, model),
            source=edited.line.source,
            draft=edited.line.draft,
            offered=edited.offered,
            kept=edited.changed,
            provider=edited.provider,
            model=edited.model,
            opinion=self.opinions.told(index) if self.opinions else "",
        )
        alone = self._key_alone(index, model) if edited.changed else ""
        return [made, replace(made, key=alone, opinion="")] if alone else [made]

    def _asked_first(self, edited: Edited) -> str:
        """Under whose name an edit is kept: who is to be asked first, unless it was out already."""
        first, leader = self.members.all[0], self._leaders.get(edited.line.index)
        return first.provider.model if leader is first and not first.out else edited.model

    def _key(self, index: int, model: str | None = None, *, alone: bool = False) -> str:
        """Under what an edit is remembered; ``alone``: whatever is said around its line."""
        if not self.members.all:
            return ""
        model = model or self.members.all[0].provider.model
        if (index, model, alone) not in self._keys:
            line, film = self._lines[index], self.film
            around = () if alone else film.around(index)
            self._keys[index, model, alone] = exact_key(
                pair=film.pair,
                source=line.source,
                draft=line.draft,
                context=[text for near in around for text in (near.source, near.draft)],
                entries=[entry for each in (line, *around) for entry in film.entries(each.index)],
                room=film.room(line),
                prompt=self.prompt.stamp,
                model=model,
            )
        return self._keys[index, model, alone]

    def _key_alone(self, index: int, model: str | None = None) -> str:
        """Under what an edit is remembered whatever is said around its line; empty where that matters."""
        reasons = self.chosen[index]
        if not reasons or not OF_ITSELF.issuperset(reason.kind for reason in reasons):
            return ""
        return self._key(index, model, alone=True)

    def _conclude(self) -> None:
        """Say what was not done, and why."""
        out = [member for member in self.members.all if member.out]
        if self._unheard and (out or not self.members.all):
            self.degraded = f"{len(self._unheard)} of {len(self.chosen)} lines keep their drafts. {self.members.why_nobody}"
        elif self._unheard:
            self.notes.append(
                f"{len(self._unheard)} lines have reasons that the models at hand can do nothing about, or got no answer."
            )
        elif out:
            self.notes.append(f"Others stood in. {self.members.why_nobody}")
        log.info("edit.done", lines=len(self.film.lines), chosen=len(self.chosen), unheard=len(self._unheard), out=len(out))
