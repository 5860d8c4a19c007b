"""Translating a transcript, from the reference to it to the reference to its translation."""

import time
from collections.abc import Sequence
from typing import Final

import structlog

from setu_common.contracts import Transcript, TranslatedTranscript, Translation, TranslationRequest, TranslationResult
from setu_common.operations import Work
from setu_common.store import Store
from setu_translate.domain.scripts import letters
from setu_translate.engines.translator import Rendering, Translator

COPY_ENGINE: Final = "copy"

log = structlog.get_logger()


class TranslationService:
    """Does what a TranslationRequest asks.

    Args:
        store: has the transcript and takes its translation.
        translator: translates lines.
    """

    def __init__(self, store: Store, translator: Translator) -> None:
        self._store = store
        self._translator = translator

    async def translate(self, request: TranslationRequest, work: Work) -> TranslationResult:
        """The handler of the kind ``translations``. N segments in, N translations out, same indices.

        Raises:
            ObjectMissing: the transcript is not in the store.
            LanguagePairUnsupported, DependencyUnavailable, LlmRefused: see ``Translator``.
        """
        transcript = await self._store.load(request.transcript, Transcript)
        same = transcript.language == request.target_language
        if not same:
            self._translator.check(transcript.language, request.target_language)
        began_s = time.monotonic()
        translations, untranslated = await self._translations(transcript, None if same else request.target_language, work)
        model_time_s = time.monotonic() - began_s
        translated = TranslatedTranscript(
            source_language=transcript.language,
            target_language=request.target_language,
            translations=translations,
            engine=COPY_ENGINE if same else self._translator.engine,
            model=COPY_ENGINE if same else self._translator.model,
        )
        reference = await self._store.put_model(work.tenant, translated)
        log.info(
            "translation.made",
            source_language=transcript.language,
            target_language=request.target_language,
            segments=len(translations),
            untranslated=untranslated,
            model_time_s=round(model_time_s, 3),
        )
        return TranslationResult(
            translated=reference,
            source_language=transcript.language,
            target_language=request.target_language,
            segment_count=len(translations),
            untranslated_count=untranslated,
            engine=translated.engine,
            model=translated.model,
            model_time_s=model_time_s,
        )

    async def _translations(
        self, transcript: Transcript, target_language: str | None, work: Work
    ) -> tuple[tuple[Translation, ...], int]:
        """One for each segment, and how many kept their source text for want of a usable one.

        A segment without letters (music notes, numbers, nothing) is the same in every language; with no target language all are.
        """
        segments = transcript.segments
        wordy = [place for place, segment in enumerate(segments) if target_language and letters(segment.text)]
        rendered: dict[int, Rendering] = {}
        if target_language and wordy:
            lines = [segments[place].text for place in wordy]
            renderings = await self._translator.translate(
                lines, transcript.language, target_language, _Progress(work, len(lines))
            )
            rendered = dict(zip(wordy, renderings, strict=True))
        translations = tuple(
            _translation(segment.index, rendered.get(place), segment.text, self._translator.engine)
            for place, segment in enumerate(segments)
        )
        return translations, _unusable(list(rendered.values()))


class _Progress:
    """Counts lines and tells the work."""

    def __init__(self, work: Work, lines: int) -> None:
        self._work = work
        self._lines = lines
        self._done = 0
        work.progress(0.0, f"0 of {lines} lines")

    def __call__(self) -> None:
        self._done += 1
        self._work.progress(self._done / self._lines, f"{self._done} of {self._lines} lines")


def _translation(index: int, rendering: Rendering | None, text: str, engine: str) -> Translation:
    if rendering is None:
        return Translation(segment_index=index, text=text, confidence=1.0, engine=COPY_ENGINE)
    return Translation(segment_index=index, text=rendering.text, confidence=rendering.confidence, engine=engine)


def _unusable(renderings: Sequence[Rendering]) -> int:
    return sum(not rendering.usable for rendering in renderings)
