"""Subtitles as JSON: all that is known of each line and each cue, for programs."""

from collections.abc import Sequence

from pydantic import Field

from setu_common.contracts import Contract, LanguageCode, Removal, Transcript, TranslatedTranscript, Translation
from setu_common.subtitles import Cue, Profile, Violation


class Line(Contract):
    """One segment of the transcript; ``index`` is its own, so lines of several languages can be laid side by side.

    ``missed_terms`` are those of the given terms (their sources) that the translation does not honour.
    """

    index: int = Field(ge=0)
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    text: str
    source_text: str
    speaker: str | None = None
    transliterated: bool = False
    confidence: float | None = Field(default=None, ge=0, le=1)
    engine: str
    missed_terms: tuple[str, ...] = ()


class ShownCue(Contract):
    """One cue as the other files show it; ``segments`` are the indices of the lines that its words are of."""

    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    text: str
    segments: tuple[int, ...]


class SubtitleDocument(Contract):
    """The subtitles of a recording in one language.

    ``cues`` are those of the other files, cut by the rules of ``profile``; ``violations`` is every rule that one of them breaks,
    named by its place among them. ``removed`` is what the recogniser invented and nobody said; ``notes`` say what is less than
    asked for.
    """

    language: LanguageCode
    source_language: LanguageCode
    duration_s: float = Field(ge=0)
    profile: str
    lines: tuple[Line, ...]
    cues: tuple[ShownCue, ...]
    violations: tuple[Violation, ...]
    removed: tuple[Removal, ...] = ()
    notes: tuple[str, ...] = ()


def document_of(
    transcript: Transcript,
    translated: TranslatedTranscript | None,
    profile: Profile,
    cues: Sequence[Cue],
    broken: Sequence[Violation],
) -> SubtitleDocument:
    """The document of a transcript, or of its translation; the two must fit (``setu_common.subtitles.segmented`` checks that).

    Args:
        transcript: what was said.
        translated: its translation.
        profile: the rules.
        cues: what was made by them.
        broken: what was found in the cues.
    """
    return SubtitleDocument(
        language=translated.target_language if translated else transcript.language,
        source_language=transcript.language,
        duration_s=transcript.duration_s,
        profile=profile.name,
        lines=_lines(transcript, translated),
        cues=tuple(ShownCue(start_s=cue.start_s, end_s=cue.end_s, text=cue.text, segments=cue.segment_indices) for cue in cues),
        violations=tuple(broken),
        removed=transcript.removed,
        notes=transcript.notes,
    )


def _lines(transcript: Transcript, translated: TranslatedTranscript | None) -> tuple[Line, ...]:
    texts: Sequence[Translation]
    if translated is None:
        texts = [
            Translation(segment_index=segment.index, text=segment.text, engine=transcript.engine)
            for segment in transcript.segments
        ]
    else:
        texts = translated.translations
    return tuple(
        Line(
            index=segment.index,
            start_s=segment.start_s,
            end_s=segment.end_s,
            text=text.text,
            source_text=segment.text,
            speaker=segment.speaker,
            transliterated=segment.transliterated,
            confidence=text.confidence,
            engine=text.engine,
            missed_terms=text.missed_terms,
        )
        for segment, text in zip(transcript.segments, texts, strict=True)
    )
