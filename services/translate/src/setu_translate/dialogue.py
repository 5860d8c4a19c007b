"""How a transcript goes through engines: sentences whole, what fails line by line, missed terms once more, the rest to the next engine."""

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Final, ParamSpec, TypeVar

import structlog

from setu_common.contracts import Segment, Term, Transcript, Translation
from setu_common.cost import BudgetExhausted
from setu_common.errors import SetuError, is_retryable
from setu_common.operations import Work
from setu_translate.domain.lines import Line
from setu_translate.domain.scripts import letters
from setu_translate.domain.sentences import joined, laid_back, units
from setu_translate.domain.terms import missed, occurring, with_targets
from setu_translate.engines.translator import Rendering, Translator

COPY_ENGINE: Final = "copy"
LINES_BEFORE: Final = 2

P = ParamSpec("P")
T = TypeVar("T")
Unit = tuple[int, ...]  # places of segments that are translated together
Kept = MutableMapping[tuple[str, Line], Rendering]  # by engine and line

log = structlog.get_logger()


class Dialogue:
    """One transcript on its way into one language.

    Args:
        transcript: what was said.
        target_language: what it is to become.
        terms: to be honoured.
        join_sentences: whether a sentence that spans segments is translated as one.
        kept: what engines made of lines in an earlier attempt; filled as they do.
        work: is told of progress.
    """

    def __init__(
        self,
        transcript: Transcript,
        target_language: str,
        terms: Sequence[Term],
        *,
        join_sentences: bool,
        kept: Kept,
        work: Work,
    ) -> None:
        self._segments = transcript.segments
        self._source_language = transcript.language
        self._target_language = target_language
        self._terms = terms
        self._join_sentences = join_sentences
        self._kept = kept
        self._wordy = [place for place, segment in enumerate(self._segments) if letters(segment.text)]
        self._work = work
        self._progress = _Progress(work, len(self._wordy))
        self._found: dict[int, Translation] = {}
        self._refused: dict[str, BudgetExhausted] = {}  # by engine
        self._loads_s: list[float] = []

    async def through(self, engines: Sequence[Translator]) -> tuple[Translation, ...]:
        """Translate with the first engine, and with the next what it could not.

        Returns:
            One for each segment, in their order. What has no letters, or no engine could translate, keeps its text.

        Raises:
            SetuError: what the engines raised, if all of them did.
        """
        left = self._wordy
        errors: list[SetuError] = []
        for engine in engines:
            if not left:
                break
            try:
                left = await self._by(engine, left)
            except SetuError as error:
                log.warning("engine.failed", engine=engine.engine, code=error.code, lines=len(left))
                errors.append(error)
        if errors and len(errors) == len(engines):
            raise next((error for error in errors if is_retryable(error)), errors[0])
        return tuple(self._found.get(place) or _copy(segment) for place, segment in enumerate(self._segments))

    @property
    def untranslated_count(self) -> int:
        """Segments that kept their text for want of a usable translation."""
        return sum(not _is_translated(translation) for translation in self._found.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of how it came about."""
        return tuple(
            f"The engine {engine} had to stop before the end. {error.detail}" for engine, error in self._refused.items()
        )

    @property
    def model_load_s(self) -> float | None:
        """How long models of this machine took to load, seconds; None if none was used."""
        return sum(self._loads_s) if self._loads_s else None

    async def _by(self, engine: Translator, places: Sequence[int]) -> list[int]:
        """Have an engine translate segments; returns those that it could not."""
        await self._one_round(engine, self._units(places))
        broken = [(place,) for place in places if place not in self._found]
        if broken:
            await self._one_round(engine, broken)
        left = [place for place in places if not _is_translated(self._found[place])]
        if len(left) == len(places) and engine.engine in self._refused:
            raise self._refused.pop(engine.engine)
        return left

    def _units(self, places: Sequence[int]) -> list[Unit]:
        if not self._join_sentences or len(places) < len(self._wordy):  # what an engine left over is tried line by line
            return [(place,) for place in places]
        wanted = set(places)
        return [unit for unit in units(self._segments, self._source_language) if wanted.issuperset(unit)]

    async def _one_round(self, engine: Translator, asked: Sequence[Unit]) -> None:
        lines = [self._line(unit) for unit in asked]
        renderings = await self._ask(engine, lines, [len(unit) for unit in asked])
        renderings = await self._insist(engine, lines, renderings)
        for unit, line, rendering in zip(asked, lines, renderings, strict=True):
            texts = [self._segments[place].text for place in unit]
            parts = laid_back(rendering.text, texts, self._target_language) if rendering.usable else None
            if parts is not None:
                self._found.update(self._translations(unit, line, rendering, parts, engine.engine))
            elif len(unit) == 1:
                unchanged = Rendering(texts[0], 0.0, usable=False)
                self._found.update(self._translations(unit, line, unchanged, texts, COPY_ENGINE))

    def _line(self, unit: Unit) -> Line:
        text = joined([self._segments[place].text for place in unit], self._source_language)
        first = bisect_left(self._wordy, unit[0])
        before = tuple(self._segments[place].text for place in self._wordy[max(0, first - LINES_BEFORE) : first])
        return Line(text, occurring(self._terms, text, self._source_language), before)

    async def _insist(self, engine: Translator, lines: Sequence[Line], renderings: Sequence[Rendering]) -> list[Rendering]:
        """Ask once more for lines that miss terms, with the terms standing in them already; keep what is better."""
        found = list(renderings)
        short = [place for place, line in enumerate(lines) if found[place].usable and self._missed(line, found[place].text)]
        again = [
            Line(
                with_targets(lines[place].text, lines[place].terms, self._source_language),
                lines[place].terms,
                lines[place].before,
            )
            for place in short
        ]
        second = await self._ask(engine, again, [0] * len(again)) if again else []
        for place, rendering in zip(short, second, strict=True):
            line = lines[place]
            if rendering.usable and len(self._missed(line, rendering.text)) < len(self._missed(line, found[place].text)):
                found[place] = rendering
        return found

    def _missed(self, line: Line, text: str) -> tuple[str, ...]:
        return missed(line.terms, text, self._target_language)

    async def _ask(self, engine: Translator, lines: Sequence[Line], counts: Sequence[int]) -> list[Rendering]:
        """What an engine makes of lines, or made of them in an earlier attempt; ``counts``: how many segments each stands for."""
        known = {
            place: self._kept[engine.engine, line] for place, line in enumerate(lines) if (engine.engine, line) in self._kept
        }
        unknown = [place for place in range(len(lines)) if place not in known]
        for place in known:
            self._progress.more(counts[place])

        def done(place: int, rendering: Rendering) -> None:
            self._kept[engine.engine, lines[unknown[place]]] = rendering
            self._progress.more(counts[unknown[place]])

        if unknown:
            asked = [lines[place] for place in unknown]
            known.update(
                zip(unknown, await self._made(engine, asked, _Errand(self._work, done, self._loads_s.append)), strict=True)
            )
        return [known[place] for place in range(len(lines))]

    async def _made(self, engine: Translator, lines: Sequence[Line], errand: "_Errand") -> Sequence[Rendering]:
        """What an engine makes of lines; as much of it as was done when its budget was used up."""
        if engine.engine not in self._refused:
            try:
                return await engine.translate(lines, self._source_language, self._target_language, errand)
            except BudgetExhausted as error:
                log.warning("engine.budget_exhausted", engine=engine.engine)
                self._refused[engine.engine] = error
        return [self._kept.get((engine.engine, line)) or Rendering(line.text, 0.0, usable=False) for line in lines]

    def _translations(
        self, unit: Unit, line: Line, rendering: Rendering, parts: Sequence[str], engine: str
    ) -> Mapping[int, Translation]:
        missed_by = self._missed_by_place(unit, self._missed(line, rendering.text))
        return {
            place: Translation(
                segment_index=self._segments[place].index,
                text=part,
                confidence=rendering.confidence,
                engine=engine,
                missed_terms=missed_by[place],
            )
            for place, part in zip(unit, parts, strict=True)
        }

    def _missed_by_place(self, unit: Unit, sources: Sequence[str]) -> dict[int, tuple[str, ...]]:
        """Missed terms, each at the first segment that has it; one that spans segments at the first of them all."""
        missed_by: dict[int, tuple[str, ...]] = dict.fromkeys(unit, ())
        for term in (term for term in self._terms if term.source in sources):
            having = (place for place in unit if occurring([term], self._segments[place].text, self._source_language))
            missed_by[next(having, unit[0])] += (term.source,)
        return missed_by


class _Progress:
    """Counts lines and tells the work."""

    def __init__(self, work: Work, lines: int) -> None:
        self._work = work
        self._lines = lines
        self._done = 0
        if lines:
            work.progress(0.0, f"0 of {lines} lines")

    def more(self, lines: int) -> None:
        if lines and self._done < self._lines:
            self._done = min(self._done + lines, self._lines)
            self._work.progress(self._done / self._lines, f"{self._done} of {self._lines} lines")


class _Errand:
    """See ``setu_translate.engines.translator.Errand``."""

    def __init__(self, work: Work, done: Callable[[int, Rendering], None], loaded: Callable[[float], None]) -> None:
        self._work = work
        self.done = done
        self.loaded = loaded

    @property
    def cancelled(self) -> bool:
        return self._work.cancelled

    def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        return self._work.in_thread(function, *args, **kwargs)


def _is_translated(translation: Translation) -> bool:
    return translation.engine != COPY_ENGINE


def _copy(segment: Segment) -> Translation:
    """A segment without letters (music notes, numbers, nothing) is the same in every language."""
    return Translation(segment_index=segment.index, text=segment.text, confidence=1.0, engine=COPY_ENGINE)
