"""Translation by models that are computed on this machine: NLLB and IndicTrans2."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from setu_common.contracts import LANGUAGE_NAMES
from setu_common.cost import Meter, Unmetered
from setu_common.cost.own import OwnTime, computed_here
from setu_translate.domain.flores import FLORES, INDIC
from setu_translate.domain.guards import fault
from setu_translate.domain.lines import Line
from setu_translate.domain.prompting import Example, one_line
from setu_translate.domain.sentences import in_sentences, joined
from setu_translate.engines.decoding import LONGEST_TOKENS, Hypothesis, LoadedModel, LocalModels, Pieces, Prepared
from setu_translate.engines.translator import Errand, Rendering
from setu_translate.engines.vocabularies import IndicTrans2Pieces, NllbPieces
from setu_translate.errors import LanguagePairUnsupported

ENGLISH: Final = "en"
BATCH_TOKENS: Final = 1024  # padding included

log = structlog.get_logger()


@dataclass(frozen=True)
class Family:
    """Models that are used the same way.

    Args:
        engine: the engine's name.
        pieces: opens a model's vocabulary, in its folder.
        models: by the pair of languages that they translate between; see ``nllb`` and ``indictrans2``.
        range: what they translate between, in words.
    """

    engine: str
    pieces: Callable[[Path], Pieces]
    models: Mapping[tuple[str, str], str]
    range: str


def nllb(model: str) -> Family:
    """NLLB-200: one model between any two of its languages."""
    pairs = {(source, target): model for source in FLORES for target in FLORES if source != target}
    lacking = ", ".join(LANGUAGE_NAMES[code] for code in sorted(LANGUAGE_NAMES.keys() - FLORES.keys()))
    return Family("nllb", NllbPieces, pairs, f"any two of Setu's languages but {lacking}")


def indictrans2(to_english: str, from_english: str) -> Family:
    """IndicTrans2: one model from Indian languages into English, another back."""
    pairs = {(code, ENGLISH): to_english for code in INDIC} | {(ENGLISH, code): from_english for code in INDIC}
    names = ", ".join(LANGUAGE_NAMES[code] for code in sorted(INDIC))
    return Family("indictrans2", IndicTrans2Pieces, pairs, f"English and any of {names}")


class LocalTranslator:
    """A ``Translator`` over models of one family.

    A line of several sentences is translated sentence by sentence, since these models leave out sentences otherwise. What can't be
    a translation is computed once more with repetitions forbidden; after that the line stays as it is.

    Args:
        family: which models, and how they are used.
        models: has them.
        meter: told what they take.
    """

    def __init__(self, family: Family, models: LocalModels, meter: Meter | None = None) -> None:
        self._family = family
        self._models = models
        self._meter = meter or Unmetered()

    @property
    def engine(self) -> str:
        """The engine's name."""
        return self._family.engine

    def model(self, source_language: str, target_language: str) -> str:
        """The model's name: its name in the catalogue, or its folder's."""
        return Path(self._named(source_language, target_language)).name

    def check(self, source_language: str, target_language: str) -> None:
        """See ``Translator``."""
        self._models.check(self._named(source_language, target_language), self.engine)

    async def translate(
        self, lines: Sequence[Line], source_language: str, target_language: str, errand: Errand
    ) -> list[Rendering]:
        """See ``Translator``. Each batch is a thread's work of its own, so a cancellation is heeded after one."""
        name = self._named(source_language, target_language)
        spent = OwnTime()
        async with computed_here(self._meter, self.model(source_language, target_language), spent):
            with spent:
                model = await errand.in_thread(self._models.load, name, self._family.pieces, self.engine, errand.loaded)
                spent.device = model.device
                task = _Task(model, source_language, target_language, errand)
                renderings = await task.round(dict(enumerate(lines)), against_loops=False)
                left = {place: line for place, line in enumerate(lines) if place not in renderings}
                renderings |= await task.round(left, against_loops=True)
        for place in left.keys() - renderings.keys():
            renderings[place] = Rendering(lines[place].text, 0.0, usable=False)
            errand.done(place, renderings[place])
        return [renderings[place] for place in range(len(lines))]

    def _named(self, source_language: str, target_language: str) -> str:
        try:
            return self._family.models[source_language, target_language]
        except KeyError:
            source, target = LANGUAGE_NAMES[source_language], LANGUAGE_NAMES[target_language]
            raise LanguagePairUnsupported(
                f"The engine {self.engine} does not translate from {source} into {target}. It translates between {self._family.range}."
            ) from None


class _Task:
    """Lines of one language into another."""

    def __init__(self, model: LoadedModel, source_language: str, target_language: str, errand: Errand) -> None:
        self._model = model
        self._source_language = source_language
        self._target_language = target_language
        self._errand = errand

    async def round(self, lines: Mapping[int, Line], *, against_loops: bool) -> dict[int, Rendering]:
        """Translate lines; returns what is usable, by place. The shortest sentences come first."""
        sentences = await self._errand.in_thread(self._sentences, lines)
        said: dict[tuple[int, int], Hypothesis] = {}
        usable: dict[int, Rendering] = {}
        missing = {place: sum(key[0] == place for key in sentences) for place in lines}
        for batch in _batches(sentences):
            made = await self._errand.in_thread(
                self._model.translate, [sentences[key] for key in batch], against_loops=against_loops
            )
            said.update(zip(batch, made, strict=True))
            for place, _ in batch:
                missing[place] -= 1
                if missing[place] == 0:
                    parts = [said[key] for key in sorted(key for key in said if key[0] == place)]
                    if rendering := self._rendering(lines[place], parts):
                        usable[place] = rendering
                        self._errand.done(place, rendering)
        return usable

    def _sentences(self, lines: Mapping[int, Line]) -> dict[tuple[int, int], Prepared]:
        """The sentences of all lines that are short enough, by line and number."""
        source, target = FLORES[self._source_language], FLORES[self._target_language]
        found: dict[tuple[int, int], Prepared] = {}
        for place, line in lines.items():
            parts = in_sentences(one_line(line.text), self._source_language)
            ready = [self._model.prepare(part, source, target) for part in parts]
            if all(len(each.tokens) <= LONGEST_TOKENS for each in ready):
                found.update({(place, number): each for number, each in enumerate(ready)})
            else:
                log.info("line.unusable", fault="long", characters=len(line.text))
        return found

    def _rendering(self, line: Line, parts: Sequence[Hypothesis]) -> Rendering | None:
        text = joined([part.text for part in parts], self._target_language)
        found = fault(
            text,
            one_line(line.text),
            source_language=self._source_language,
            target_language=self._target_language,
            examples=[Example(one_line(term.source), one_line(term.target)) for term in line.terms],
            cut_off=any(part.cut_off for part in parts),
        )
        if found is not None:
            log.info("line.unusable", fault=found, characters=len(line.text), answered=len(text))
            return None
        length = sum(part.length for part in parts)
        logprob = sum(part.logprob * part.length for part in parts) / length if length else -math.inf
        return Rendering(text, min(math.exp(logprob), 1.0))


def _batches(sentences: Mapping[tuple[int, int], Prepared]) -> Iterator[list[tuple[int, int]]]:
    """Sentences of about the same length together, as many as fit with their padding."""
    batch: list[tuple[int, int]] = []
    for key in sorted(sentences, key=lambda key: (len(sentences[key].tokens), key)):
        if batch and (len(batch) + 1) * len(sentences[key].tokens) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(key)
    if batch:
        yield batch
