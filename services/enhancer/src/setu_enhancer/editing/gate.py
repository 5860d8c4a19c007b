"""The gate that every edit has to pass: nothing is wrong with it, and it scores better than its draft by a margin."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog

from setu_common.contracts import QualityScore
from setu_common.errors import SetuError
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.likeness import says_another
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.prompting import one_line
from setu_enhancer.domain.scoring import Judgement
from setu_enhancer.domain.windows import Film
from setu_enhancer.editing.hearing import Look
from setu_enhancer.editing.outcomes import Edited, Offer
from setu_enhancer.editing.waiting import Meanwhile

T = TypeVar("T")
WRONG: Final = 50.0
"""Points of accuracy under which a judge's word stands against all rules: from there on it calls a text one that only needs work."""
SURE: Final = 0.4
"""How sure it has to be for that. Source of both: `python -m evals enhancer --split dev --part judged`, whose answers were kept."""
MOST_FAULTS_TOLD: Final = 3

log = structlog.get_logger()


class Guard(Protocol):
    """Says what is wrong with an edit; see ``setu_enhancer.domain.guards.breaches``."""

    def __call__(self, line: Line, edit: str, pair: Pair, glossary: Glossary, *, characters_per_s: float) -> tuple[Breach, ...]:
        """What is wrong, most serious first; nothing if nothing is."""


class Elsewhere(Protocol):
    """Says whose text an edit is; see ``setu_enhancer.domain.likeness.says_another``."""

    def __call__(self, line: Line, text: str, others: Sequence[Line], pair: Pair) -> Line | None:
        """The line of those around that a text says instead of its own; None if there is none."""


class Scorer(Protocol):
    """Says how good a translation is; see ``setu_enhancer.domain.scoring.score``."""

    def __call__(
        self,
        line: Line,
        text: str,
        pair: Pair,
        glossary: Glossary,
        *,
        judgement: Judgement | None = None,
        mean_logprob: float | None = None,
        neighbours: Sequence[str] = (),
    ) -> QualityScore:
        """The score of a text as the translation of a line."""


class Better(Protocol):
    """Whether one score beats another; see ``setu_enhancer.domain.scoring.better``."""

    def __call__(self, before: QualityScore, after: QualityScore, margin: float) -> bool:
        """Whether ``after`` is better by more than ``margin`` points."""


class Judging(Protocol):
    """A language model's judgement; see ``setu_enhancer.judging.Judge``."""

    async def judge(self, pairs: Sequence[tuple[Line, str]], pair: Pair, glossary: Glossary) -> Sequence[Judgement | None]:
        """A judgement of each line with a translation; None where none came."""


class Probability(Protocol):
    """How probable texts are; see ``setu_enhancer.judging.Fluency``."""

    async def mean_logprobs(self, texts: Sequence[str], language: str) -> Sequence[float | None]:
        """The mean logarithm of the tokens' probabilities of each text; None where none came."""


@dataclass(frozen=True)
class Instruments:
    """What edits are measured by.

    Args:
        guard: what is wrong with an edit.
        scorer: how good a text is.
        better: whether one score beats another.
        judge: asks a language model as well; None: nobody.
        fluency: has the texts' probabilities; None: nobody.
        elsewhere: whose text an edit is.
    """

    guard: Guard
    scorer: Scorer
    better: Better
    judge: Judging | None = None
    fluency: Probability | None = None
    elsewhere: Elsewhere = says_another


@dataclass(frozen=True)
class _Scored:
    """The scores of a draft and of an edit that nothing is wrong with by rules; ``wrong``: a judge says that it says something else."""

    before: QualityScore
    after: QualityScore
    wrong: bool


class Gate:
    """The gate, for one text.

    Args:
        instruments: what it measures by.
        film: the text.
        margin: by how much an edit has to score better, points.
    """

    def __init__(self, instruments: Instruments, film: Film, margin: float) -> None:
        self._with = instruments
        self._judge = instruments.judge
        self._fluency = instruments.fluency
        self._film = film
        self._margin = margin
        self._by_rules: dict[tuple[int, str], tuple[tuple[str, ...], QualityScore]] = {}
        self._faults: dict[tuple[int, str], tuple[Breach, ...]] = {}
        self._lines = {line.index: line for line in film.lines}
        self._meanwhile = Meanwhile()
        self.notes: list[str] = []

    @asynccontextmanager
    async def preparing(self, lines: Sequence[Line], finals: Mapping[int, str]) -> AsyncIterator[Look]:
        """While the body waits for edits of lines, look at the lines and their drafts, and at each edit that it hears of meanwhile.

        Nothing is decided: what is found is kept here, and guards and scorer keep what they find of line and draft on their way, so that all of it
        need not be found again when the edits have come.

        Args:
            lines: they.
            finals: the texts of lines that are done, by index.
        """
        known = [work for line in lines for work in (partial(self.plain, line, finals), partial(self._guard_draft, line))]
        async with self._meanwhile.doing(known) as add:

            def look(index: int, text: str) -> None:
                line = self._lines[index]
                if text != one_line(line.draft):
                    add(partial(self.faults, line, text))
                    add(partial(self._score_sound, line, text, finals))

            yield look

    def _guard_draft(self, line: Line) -> None:
        self._with.guard(line, line.draft, self._film.pair, self._film.glossary, characters_per_s=self._film.characters_per_s)

    def _score_sound(self, line: Line, text: str, finals: Mapping[int, str]) -> None:
        """The score of an edit that nothing is wrong with: others are never scored."""
        if not self.faults(line, text):
            self._plain(line, text, finals)

    def faults(self, line: Line, edit: str) -> tuple[Breach, ...]:
        """What is wrong with an edit; found once."""
        if edit == one_line(line.draft):
            return ()  # the draft may be wrong, but leaving it as it is makes nothing worse
        key = (line.index, edit)
        if key not in self._faults:
            self._faults[key] = self._found_wrong(line, edit)
        return self._faults[key]

    def _found_wrong(self, line: Line, edit: str) -> tuple[Breach, ...]:
        film = self._film
        faults = self._with.guard(line, edit, film.pair, film.glossary, characters_per_s=film.characters_per_s)
        if not faults and (other := self._with.elsewhere(line, edit, film.around(line.index), film.pair)):
            return (Breach("place", f"this says what the line {other.index} says, and nothing of its own"),)
        return faults

    def plain(self, line: Line, finals: Mapping[int, str]) -> QualityScore:
        """A draft's score by the rules alone."""
        return self._plain(line, line.draft, finals)

    def _plain(self, line: Line, text: str, finals: Mapping[int, str]) -> QualityScore:
        """A text's score by the rules alone; worked out once for as long as the lines around it stay the same."""
        film, neighbours = self._film, self._film.neighbours(line.index, finals)
        beside, found = self._by_rules.get((line.index, text), ((), None))
        if found is None or beside != neighbours:
            found = self._with.scorer(line, text, film.pair, film.glossary, neighbours=neighbours)
            self._by_rules[line.index, text] = neighbours, found
        return found

    async def decide(self, offers: Sequence[tuple[Line, Offer]], finals: Mapping[int, str]) -> list[Edited]:
        """What becomes of each line.

        Args:
            offers: what came for the lines.
            finals: the texts of lines that are done, by index.
        """
        rivals = [(line, offer.text) for line, offer in offers if offer.stands and offer.text != one_line(line.draft)]
        texts = [(line, line.draft) for line, _ in rivals] + rivals
        half = len(rivals)
        asked = self._judge is not None or self._fluency is not None
        known = [partial(self._plain, line, text, finals) for line, text in texts] if asked else []
        async with self._meanwhile.doing(known):
            judged = _of_both(await self._judged(texts), half)
            probable = _of_both(await self._probable([text for _, text in texts]), half)
        scores = [
            self._score(line, text, judgement, logprob, finals)
            for (line, text), judgement, logprob in zip(texts, judged, probable, strict=True)
        ]
        scored = {
            line.index: _Scored(scores[place], scores[half + place], is_wrong(judged[half + place]))
            for place, (line, _) in enumerate(rivals)
        }
        return [self._decided(line, offer, scored.get(line.index), finals) for line, offer in offers]

    def _score(
        self, line: Line, text: str, judgement: Judgement | None, logprob: float | None, finals: Mapping[int, str]
    ) -> QualityScore:
        if judgement is None and logprob is None:
            return self._plain(line, text, finals)
        return self._with.scorer(
            line,
            text,
            self._film.pair,
            self._film.glossary,
            judgement=judgement,
            mean_logprob=logprob,
            neighbours=self._film.neighbours(line.index, finals),
        )

    def _decided(self, line: Line, offer: Offer, scored: _Scored | None, finals: Mapping[int, str]) -> Edited:
        text, rejected, after = line.draft, "", None
        if scored is None:
            before = self.plain(line, finals)
            rejected = "; ".join(f"{each.kind}: {each.detail}" for each in offer.faults[:MOST_FAULTS_TOLD])
        else:
            before, after = scored.before, scored.after
            if scored.wrong:
                rejected = "judge: it does not say what the line says"
            elif self._with.better(before, after, self._margin):
                text = offer.text
            else:
                rejected = f"score: {after.total:.1f}, and the draft has {before.total:.1f}; {self._margin:g} more are wanted"
        return Edited(
            line,
            text,
            offered=offer.text,
            rejected=rejected,
            before=before,
            after=after,
            provider=offer.provider,
            model=offer.model,
            cached=offer.cached,
            cost_usd=offer.cost_usd,
            requests=offer.requests,
        )

    async def _judged(self, texts: Sequence[tuple[Line, str]]) -> Sequence[Judgement | None]:
        nobody = [None] * len(texts)
        if self._judge is None or not texts:
            return nobody
        try:
            found = await self._judge.judge(texts, self._film.pair, self._film.glossary)
        except SetuError as error:
            self._judge = None
            self._miss("judge", error)
            return nobody
        return found if len(found) == len(texts) else nobody

    async def _probable(self, texts: Sequence[str]) -> Sequence[float | None]:
        nothing = [None] * len(texts)
        if self._fluency is None or not texts:
            return nothing
        try:
            found = await self._fluency.mean_logprobs(texts, self._film.pair.target)
        except SetuError as error:
            self._fluency = None
            self._miss("fluency", error)
            return nothing
        return found if len(found) == len(texts) else nothing

    def _miss(self, what: str, error: SetuError) -> None:
        log.warning("edit.instrument_away", instrument=what, code=error.code)
        self.notes.append(f"Scored without {what}: {error.detail}")


def _of_both(found: Sequence[T | None], half: int) -> list[T | None]:
    """What is known of drafts and edits alike: scores that were found in different ways can't be compared."""
    both = [one is not None and other is not None for one, other in zip(found[:half], found[half:], strict=True)]
    return [each if known else None for each, known in zip(found, both * 2, strict=True)]


def is_wrong(judgement: Judgement | None) -> bool:
    """Whether a judge is sure that a text does not say what its line says. A draft may be as wrong: then there is nothing to win."""
    return judgement is not None and judgement.accuracy < WRONG and judgement.confidence >= SURE
