"""Transcripts in another language. N segments in, N translations out, same indices."""

from pydantic import Field

from setu_common.contracts.contract import Contract
from setu_common.contracts.language import LanguageCode
from setu_common.contracts.reference import Reference


class Translation(Contract):
    """One segment's text in the target language."""

    segment_index: int = Field(ge=0)
    text: str
    confidence: float | None = Field(default=None, ge=0, le=1)
    engine: str


class TranslatedTranscript(Contract):
    """The translations of a whole transcript, in the order of its segments."""

    source_language: LanguageCode
    target_language: LanguageCode
    translations: tuple[Translation, ...]
    engine: str
    model: str


class TranslationRequest(Contract):
    """Translate the transcript at ``transcript`` (its own ``language`` is the source language)."""

    transcript: Reference
    target_language: LanguageCode


class TranslationResult(Contract):
    """Where the translated transcript lies."""

    translated: Reference
    source_language: LanguageCode
    target_language: LanguageCode
    segment_count: int = Field(ge=0)
    untranslated_count: int = Field(
        ge=0, description="Segments that kept their source text, since the engine gave nothing usable"
    )
    engine: str
    model: str
    model_time_s: float = Field(ge=0, description="Wall time inside the model or its API")
