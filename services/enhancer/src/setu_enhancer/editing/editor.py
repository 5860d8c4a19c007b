"""Post-editing of a text: which lines are asked for, of whom, and what is kept. N lines in, N lines out, in their order."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from setu_common.contracts import Context, Reason
from setu_common.llm import LlmProvider
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.prompting import Prompt, Prompts
from setu_enhancer.domain.windows import Ask, Example, Film, Window, allowance
from setu_enhancer.editing.asking import Asker
from setu_enhancer.editing.gate import Gate, Instruments
from setu_enhancer.editing.ladder import Ladder
from setu_enhancer.editing.members import Member, Members
from setu_enhancer.editing.outcomes import Edited, Edits, Offer
from setu_enhancer.editing.sharing import Priced
from setu_enhancer.memory import Made, Memory, Remembered, exact_key
from setu_enhancer.settings import EditingSettings

EXAMPLES: Final = 2

log = structlog.get_logger()

Progress = Callable[[float], None]
"""Told how much of the lines that were chosen is done, 0..1."""


class Editor:
    """Edits texts.

    Args:
        providers: in the order in which they are asked, each by itself: a ``Fallback`` hides who else there is.
        prompts: what they are told.
        instruments: what edits are measured by.
        memory: what was edited before, and is kept of this.
        settings: how lines are put before models.
        price: what requests cost.
        completing: names of providers that are base models and only go on with a text.
        examples: earlier edits of lines like it that a model is shown for each, at most.
    """

    def __init__(
        self,
        providers: Sequence[LlmProvider],
        *,
        prompts: Prompts,
        instruments: Instruments,
        memory: Memory,
        settings: EditingSettings,
        price: Priced,
        completing: Collection[str] = (),
        examples: int = EXAMPLES,
    ) -> None:
        self._providers = tuple(providers)
        self._prompts = prompts
        self._instruments = instruments
        self._memory = memory
        self._settings = settings
        self._price = price
        self._completing = frozenset(completing)
        self._examples = examples

    async def edit(
        self,
        lines: Sequence[Line],
        selected: Mapping[int, tuple[Reason, ...]],
        pair: Pair,
        glossary: Glossary,
        context: Context,
        *,
        characters_per_s: float,
        progress: Progress | None = None,
    ) -> Edits:
        """Edit the lines that were chosen. That nobody answers is no error: lines keep their drafts, and the answer says why.

        Args:
            lines: all of the text, in their order.
            selected: why lines were chosen, by index.
            pair: the languages.
            glossary: names and terms.
            context: what is known of the recording.
            characters_per_s: how fast one may have to read.
            progress: told how far it is.
        """
        film = self.film(lines, pair, glossary, context, characters_per_s=characters_per_s)
        members = Members(self._providers, self._completing)
        gate = Gate(self._instruments, film, self._settings.margin)
        prompt = self._prompts.for_pair(pair)
        asker = Asker(prompt, self._price, at_once=self._settings.parallel, timeout_s=self._settings.timeout_s)
        ladder = Ladder(members, asker, gate, repairs=self._settings.repairs)
        chosen = {line.index: selected[line.index] for line in lines if line.index in selected}
        text = _Text(film, chosen, members, gate, ladder, self._memory, prompt, self._examples, progress)
        edited = await text.edit(self._settings.lines_per_request)
        return Edits(
            tuple(edited[line.index] for line in lines),
            degraded=text.degraded,
            notes=tuple(gate.notes + text.notes),
            requests=asker.requests,
            model_time_s=asker.model_time_s,
        )

    def film(self, lines: Sequence[Line], pair: Pair, glossary: Glossary, context: Context, *, characters_per_s: float) -> Film:
        """Lines as the editor sees them."""
        return Film(
            lines,
            pair,
            glossary,
            context,
            characters_per_s=characters_per_s,
            before=self._settings.lines_before,
            after=self._settings.lines_after,
            scene_gap_s=self._settings.scene_gap_s,
        )

    def windows(self, film: Film, selected: Mapping[int, tuple[Reason, ...]]) -> tuple[Window, ...]:
        """What models would be asked first about a text, with drafts where final texts will stand: for knowing beforehand what it costs."""
        by_index = {line.index: line for line in film.lines}
        return tuple(
            film.window([Ask(by_index[index], selected[index]) for index in window], {})
            for run in film.runs(list(selected), self._settings.lines_per_request)
            for window in run
        )


@dataclass
class _Text:
    """One text under way."""

    film: Film
    chosen: Mapping[int, tuple[Reason, ...]]
    members: Members
    gate: Gate
    ladder: Ladder
    memory: Memory
    prompt: Prompt
    examples: int
    progress: Progress | None

    def __post_init__(self) -> None:
        self.notes: list[str] = []
        self.degraded = ""
        self._lines = {line.index: line for line in self.film.lines}
        self._edited: dict[int, Edited] = {}
        self._unheard: list[int] = []
        self._known: Mapping[str, Remembered] = {}
        self._keys: dict[tuple[int, str], str] = {}
        self._done = 0

    async def edit(self, most_lines: int) -> Mapping[int, Edited]:
        """Edit all; by index."""
        self._known = await self.memory.exact([key for index in self.chosen if (key := self._key(index))])
        runs = self.film.runs(list(self.chosen), most_lines)
        try:
            async with asyncio.TaskGroup() as group:
                for run in runs:
                    group.create_task(self._run(run))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None  # the others were cancelled for it
        finals = {index: each.text for index, each in self._edited.items()}
        for line in self.film.lines:
            if line.index not in self._edited:
                self._edited[line.index] = Edited(line, line.draft, before=self.gate.plain(line, finals))
        self._conclude()
        return self._edited

    async def _run(self, run: Sequence[tuple[int, ...]]) -> None:
        finals: dict[int, str] = {}
        for indices in run:
            for each in await self._window(indices, finals):
                self._edited[each.line.index] = each
                finals[each.line.index] = each.text
            self._done += len(indices)
            if self.progress is not None:
                self.progress(self._done / len(self.chosen))

    async def _window(self, indices: Sequence[int], finals: Mapping[int, str]) -> list[Edited]:
        known = {index: self._recalled(index) for index in indices if self._key(index) in self._known}
        seen = {**finals, **{index: offer.text for index, offer in known.items() if offer.stands}}
        asks = [await self._ask(index) for index in indices if index not in known] if self.members.usable else []
        leader = next(iter(self.members.usable), None)
        offers = await self.ladder.climb(asks, lambda some: self.film.window(some, seen)) if asks else {}
        self._unheard += [index for index in indices if index not in known and index not in offers]
        came = [(self._lines[index], known.get(index) or offers.get(index, Offer())) for index in indices]
        decided = [replace(each, reasons=self.chosen[each.line.index]) for each in await self.gate.decide(came, finals)]
        await self._remember([each for each in decided if each.line.index in offers], leader)
        return decided

    async def _ask(self, index: int) -> Ask:
        line = self._lines[index]
        alike = await self.memory.similar(self.film.pair, line.source, self.examples) if self.examples else ()
        return Ask(line, self.chosen[index], tuple(Example(each.source, each.text) for each in alike))

    def _recalled(self, index: int) -> Offer:
        kept = self._known[self._key(index)]
        faults: tuple[Breach, ...] = (Breach("missing", "nothing usable came for this line before"),)
        if kept.offered:
            faults = self.gate.faults(self._lines[index], kept.offered)
        return Offer(kept.offered, faults, kept.provider, kept.model, cached=True)

    async def _remember(self, decided: Sequence[Edited], leader: Member | None) -> None:
        """Keep what came, also what was not good enough: asking again would cost the same, and bring no more."""
        made = [
            Made(
                key=self._key(each.line.index, self._asked_first(leader, each)),
                source=each.line.source,
                draft=each.line.draft,
                offered=each.offered,
                kept=each.changed,
                provider=each.provider,
                model=each.model,
            )
            for each in decided
        ]
        if made:
            await self.memory.remember(self.film.pair, made)

    def _asked_first(self, leader: Member | None, edited: Edited) -> str:
        """Under whose name an edit is kept: who is to be asked first, unless it was out already."""
        first = self.members.all[0]
        return first.provider.model if leader is first and not first.out else edited.model

    def _key(self, index: int, model: str | None = None) -> str:
        if not self.members.all:
            return ""
        model = model or self.members.all[0].provider.model
        if (index, model) not in self._keys:
            self._keys[index, model] = self._made_key(index, model)
        return self._keys[index, model]

    def _made_key(self, index: int, model: str) -> str:
        line, film = self._lines[index], self.film
        around = [text for near in film.around(index) for text in (near.source, near.draft)]
        return exact_key(
            pair=film.pair,
            source=line.source,
            draft=line.draft,
            context=[*around, str(allowance(line, film.characters_per_s))],
            glossary_sha256=film.glossary.sha256,
            prompt=self.prompt.stamp,
            model=model,
        )

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
