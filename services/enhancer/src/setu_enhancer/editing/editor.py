"""Post-editing of a text: which lines are asked for, of whom, and what is kept. N lines in, N lines out, in their order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from setu_common.contracts import Context, Reason
from setu_common.llm import LlmProvider
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.prompting import Prompts
from setu_enhancer.domain.windows import Ask, Film, Window
from setu_enhancer.editing.asking import Asker
from setu_enhancer.editing.gate import Gate, Instruments
from setu_enhancer.editing.ladder import Ladder
from setu_enhancer.editing.members import Members
from setu_enhancer.editing.opinions import opinions_of
from setu_enhancer.editing.outcomes import Edits
from setu_enhancer.editing.ruling import ruled
from setu_enhancer.editing.sharing import Priced
from setu_enhancer.editing.text import Progress, Text
from setu_enhancer.memory import Memory
from setu_enhancer.settings import EditingSettings

EXAMPLES: Final = 2


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
        of = partial(self.film, pair=pair, glossary=glossary, context=context, characters_per_s=characters_per_s)
        chosen = {line.index: selected[line.index] for line in lines if line.index in selected}
        drafted, free = of(lines), replace(self._instruments, judge=None, fluency=None)
        by_rule = await ruled(drafted, chosen, Gate(free, drafted, self._settings.margin), self._instruments.guard)
        film = of(by_rule.lines)
        members = Members(self._providers, self._completing)
        prompt = self._prompts.for_pair(pair)
        asker = Asker(prompt, self._price, at_once=self._settings.parallel, timeout_s=self._settings.timeout_s)
        opinions = opinions_of(self._instruments.judge, self._price)
        gate = Gate(replace(self._instruments, judge=opinions or self._instruments.judge), film, self._settings.margin)
        ladder = Ladder(members, asker, gate, repairs=self._settings.repairs)
        text = Text(film, by_rule.left, members, gate, ladder, self._memory, prompt, self._examples, opinions, progress)
        edited = await text.edit(self._settings.lines_per_request)
        return Edits(
            tuple(by_rule.joined(line.index, edited[line.index]) for line in lines),
            degraded=text.degraded,
            notes=tuple(filter(None, (*gate.notes, opinions.note if opinions else "", *text.notes))),
            requests=asker.requests,
            model_time_s=asker.model_time_s,
            by_models={index: each for index, each in edited.items() if each.requests},
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
