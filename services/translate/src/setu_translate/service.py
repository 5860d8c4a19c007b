"""Translating a transcript, from the reference to it to the reference to its translation."""

import time
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog

from setu_common.contracts import Transcript, TranslatedTranscript, Translation, TranslationRequest, TranslationResult
from setu_common.operations import Work
from setu_common.store import Store
from setu_translate.dialogue import COPY_ENGINE, Dialogue, Kept
from setu_translate.engines.choice import Engines
from setu_translate.engines.translator import Translator

OPERATIONS_KEPT: Final = 4

log = structlog.get_logger()


class TranslationService:
    """Does what a TranslationRequest asks.

    What an engine made of lines is kept in memory until their operation has ended well, so that another attempt in the same
    process does not begin anew.

    Args:
        store: has the transcript and takes its translation.
        engines: what translates.
        join_sentences: whether a sentence that spans segments is translated as one.
    """

    def __init__(self, store: Store, engines: Engines, *, join_sentences: bool) -> None:
        self._store = store
        self._engines = engines
        self._join_sentences = join_sentences
        self._kept: OrderedDict[UUID, Kept] = OrderedDict()

    async def translate(self, request: TranslationRequest, work: Work) -> TranslationResult:
        """The handler of the kind ``translations``. N segments in, N translations out, same indices.

        Raises:
            ObjectMissing: the transcript is not in the store.
            LanguagePairUnsupported, EngineMissing, ModelMissing, DependencyUnavailable, LlmRefused: see ``Translator``.
        """
        transcript = await self._store.load(request.transcript, Transcript)
        began_s = time.monotonic()
        notes: tuple[str, ...] = ()
        model_load_s: float | None = None
        if transcript.language == request.target_language:
            translated, untranslated = _copied(transcript), 0
        else:
            engines = self._engines.choose(request.engine, transcript.language, request.target_language)
            dialogue = self._dialogue(transcript, request, work)
            translated = await _translated(dialogue, transcript, request, engines)
            untranslated, notes, model_load_s = dialogue.untranslated_count, dialogue.notes, dialogue.model_load_s
        model_time_s = time.monotonic() - began_s
        reference = await self._store.put_model(work.tenant, translated)
        self._kept.pop(work.operation_id, None)
        given = {term.source for term in request.terms}
        missed = sum(source in given for translation in translated.translations for source in translation.missed_terms)
        log.info(
            "translation.made",
            source_language=transcript.language,
            target_language=request.target_language,
            engine=translated.engine,
            segments=len(translated.translations),
            untranslated=untranslated,
            missed_terms=missed,
            model_time_s=round(model_time_s, 3),
        )
        return TranslationResult(
            translated=reference,
            source_language=transcript.language,
            target_language=request.target_language,
            segment_count=len(translated.translations),
            untranslated_count=untranslated,
            missed_term_count=missed,
            engine=translated.engine,
            model=translated.model,
            model_time_s=model_time_s,
            model_load_s=model_load_s,
            notes=notes,
        )

    def _dialogue(self, transcript: Transcript, request: TranslationRequest, work: Work) -> Dialogue:
        return Dialogue(
            transcript,
            request.target_language,
            (*request.terms, *request.known),
            join_sentences=self._join_sentences,
            kept=self._kept_of(work.operation_id),
            work=work,
        )

    def _kept_of(self, operation_id: UUID) -> Kept:
        kept = self._kept.setdefault(operation_id, {})
        self._kept.move_to_end(operation_id)
        while len(self._kept) > OPERATIONS_KEPT:
            self._kept.popitem(last=False)
        return kept


async def _translated(
    dialogue: Dialogue, transcript: Transcript, request: TranslationRequest, engines: Sequence[Translator]
) -> TranslatedTranscript:
    translations = await dialogue.through(engines)
    used = _most_used(translations, engines)
    return TranslatedTranscript(
        source_language=transcript.language,
        target_language=request.target_language,
        translations=translations,
        engine=used.engine,
        model=used.model(transcript.language, request.target_language),
    )


def _most_used(translations: Sequence[Translation], engines: Sequence[Translator]) -> Translator:
    lines = Counter(translation.engine for translation in translations)
    return max(engines, key=lambda engine: lines[engine.engine])


def _copied(transcript: Transcript) -> TranslatedTranscript:
    return TranslatedTranscript(
        source_language=transcript.language,
        target_language=transcript.language,
        translations=tuple(
            Translation(segment_index=segment.index, text=segment.text, confidence=1.0, engine=COPY_ENGINE)
            for segment in transcript.segments
        ),
        engine=COPY_ENGINE,
        model=COPY_ENGINE,
    )
