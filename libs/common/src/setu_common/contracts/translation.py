"""Transcripts in another language. N segments in, N translations out, same indices."""

from typing import Literal

from pydantic import Field

from setu_common.contracts.contract import Contract
from setu_common.contracts.language import LanguageCode
from setu_common.contracts.reference import Reference


class Term(Contract):
    """What a word or name of the source language is to be in the target language."""

    source: str = Field(min_length=1, max_length=200)
    target: str = Field(min_length=1, max_length=200)


class Translation(Contract):
    """One segment's text in the target language. ``missed_terms`` are the given terms (their sources) that it does not honour."""

    segment_index: int = Field(ge=0)
    text: str
    confidence: float | None = Field(default=None, ge=0, le=1)
    engine: str
    missed_terms: tuple[str, ...] = ()


class TranslatedTranscript(Contract):
    """The translations of a whole transcript, in the order of its segments."""

    source_language: LanguageCode
    target_language: LanguageCode
    translations: tuple[Translation, ...]
    engine: str
    model: str


TranslationEngine = Literal["llm", "nllb", "indictrans2"]


class TranslationRequest(Contract):
    """Translate the transcript at ``transcript`` (its own ``language`` is the source language).

    ``engine`` absent means the translate service's own choice for these languages. ``known`` are terms that earlier work taught and nobody
    asked for: they are honoured where they can be, and nothing is told of those that are not.
    """

    transcript: Reference
    target_language: LanguageCode
    engine: TranslationEngine | None = None
    terms: tuple[Term, ...] = Field(default=(), max_length=500)
    known: tuple[Term, ...] = Field(default=(), max_length=500)


class SpeechTranslationRequest(Contract):
    """Translate speech into English by the recogniser itself: the last resort where no engine can translate the transcript.

    ``media`` is the sound that ``transcript`` was made of; each of its segments is heard again.
    """

    media: Reference
    transcript: Reference


class TranslationResult(Contract):
    """Where the translated transcript lies."""

    translated: Reference
    source_language: LanguageCode
    target_language: LanguageCode
    segment_count: int = Field(ge=0)
    untranslated_count: int = Field(
        ge=0, description="Segments that kept their source text, since the engine gave nothing usable"
    )
    missed_term_count: int = Field(default=0, ge=0, description="Places where a given term was not honoured")
    engine: str
    model: str
    model_time_s: float = Field(ge=0, description="Wall time inside the model or its API")
    model_load_s: float | None = Field(
        default=None, ge=0, description="Of model_time_s: loading; 0 where it was in memory, absent where a server does it"
    )
    notes: tuple[str, ...] = Field(default=(), description="What a reader should know of how it came about")
