"""Subtitles as JSON: all that is known of each line, for programs."""

from pydantic import Field

from setu_common.contracts import Contract, LanguageCode, Transcript, TranslatedTranscript


class Line(Contract):
    """One line of subtitles; ``index`` is its segment's, so lines of several languages can be laid side by side."""

    index: int = Field(ge=0)
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    text: str
    source_text: str
    speaker: str | None = None
    confidence: float | None = Field(default=None, ge=0, le=1)
    engine: str


class SubtitleDocument(Contract):
    """The subtitles of a recording in one language."""

    language: LanguageCode
    source_language: LanguageCode
    duration_s: float = Field(ge=0)
    lines: tuple[Line, ...]


def document_of(transcript: Transcript, translated: TranslatedTranscript | None) -> SubtitleDocument:
    """The document of a transcript, or of its translation; the two must fit (``setu_common.subtitles.cues_of`` checks that)."""
    texts: list[tuple[str, float | None, str]]
    if translated is None:
        texts = [(segment.text, None, transcript.engine) for segment in transcript.segments]
    else:
        texts = [(each.text, each.confidence, each.engine) for each in translated.translations]
    return SubtitleDocument(
        language=translated.target_language if translated else transcript.language,
        source_language=transcript.language,
        duration_s=transcript.duration_s,
        lines=tuple(
            Line(
                index=segment.index,
                start_s=segment.start_s,
                end_s=segment.end_s,
                text=text,
                source_text=segment.text,
                speaker=segment.speaker,
                confidence=confidence,
                engine=engine,
            )
            for segment, (text, confidence, engine) in zip(transcript.segments, texts, strict=True)
        ),
    )
