"""A cue: a text and when it is to be seen."""

from dataclasses import dataclass, field
from typing import Final

from setu_common.contracts.speech import Transcript
from setu_common.contracts.translation import TranslatedTranscript
from setu_common.errors import InternalError

LATEST_S: Final = 99 * 3600.0  # SubRip has two digits for the hours


@dataclass(frozen=True)
class Cue:
    """A text and when it is to be seen.

    Args:
        start_s: from the recording's start, seconds, 0 … 99 hours.
        end_s: not before ``start_s``.
        text: plain text, not markup; may have several lines.
        segment_indices: the segments of a transcript that it was made of; nothing that files hold, so cues are compared without.

    Raises:
        ValueError: times that no subtitle can have.
    """

    start_s: float
    end_s: float
    text: str
    segment_indices: tuple[int, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if not 0 <= self.start_s <= self.end_s <= LATEST_S:  # NaN fails this too
            raise ValueError(f"a cue can't be seen from {self.start_s} s to {self.end_s} s; see the recording's times")


class TranslationMismatch(InternalError):
    """A translation that is not of this transcript: N segments in, N translations out, same indices."""

    code = "translation-mismatch"
    title = "The translation does not belong to the transcript"


def cues_of(transcript: Transcript, translated: TranslatedTranscript | None = None) -> tuple[Cue, ...]:
    """One cue for each segment, in their order.

    Args:
        transcript: gives the times, and the text if there is no translation.
        translated: gives the text.

    Raises:
        TranslationMismatch: the translation's indices are not the segments' own, one for one.
    """
    return tuple(
        Cue(segment.start_s, max(segment.start_s, segment.end_s), text, (segment.index,))
        for segment, text in zip(transcript.segments, translated_texts(transcript, translated), strict=True)
    )


def translated_texts(transcript: Transcript, translated: TranslatedTranscript | None) -> list[str]:
    """The text of each segment, or of its translation if there is one.

    Raises:
        TranslationMismatch: the translation's indices are not the segments' own, one for one.
    """
    segments = transcript.segments
    if translated is None:
        return [segment.text for segment in segments]
    expected = [segment.index for segment in segments]
    found = [translation.segment_index for translation in translated.translations]
    if found != expected:
        raise TranslationMismatch(
            f"The transcript has {len(expected)} segments, the translation {len(found)}, or their order differs; "
            "translate the transcript again",
            segments=len(expected),
            translations=len(found),
        )
    return [translation.text for translation in translated.translations]
