"""Lines to work on: as they come with a request, or as they lie in the store."""

from dataclasses import dataclass

from setu_common.contracts import EnhancementRequest, QualityRequest, Transcript, TranslatedTranscript
from setu_common.store import Store
from setu_common.subtitles.profile import profile_named
from setu_enhancer.domain.lines import Line, lingering
from setu_enhancer.errors import LinesDiffer

UNTIMED_S_PER_CHARACTER = 1.0
"""Of a line whose times are not known nobody can say that it is too fast to be read: it stands as long as anyone could wish."""
UNTIMED_GAP_S = 0.5


@dataclass(frozen=True)
class Text:
    """What is to be edited.

    Args:
        lines: one for each segment, in their order.
        draft: the translation as it lies in the store; None if the lines came with the request.
    """

    lines: tuple[Line, ...]
    draft: TranslatedTranscript | None = None


async def text_of(request: EnhancementRequest, store: Store) -> Text:
    """The lines of a request. Those that lie in the store are spoken, and stay for as long as subtitles of them may; others stand as they are told.

    Raises:
        ObjectMissing: the transcript, or its translation, is not in the store.
        UnknownProfile: there are no such delivery rules.
        LinesDiffer: they do not belong together, or are of other languages than those of the request.
    """
    if request.transcript is None or request.translated is None:
        return Text(
            tuple(
                Line(line.index, line.start_s, line.end_s, line.source, line.draft, line.confidence, line.speaker)
                for line in request.lines
            )
        )
    transcript = await store.load(request.transcript, Transcript)
    draft = await store.load(request.translated, TranslatedTranscript)
    _demand_fitting(request, transcript, draft)
    lines = tuple(
        Line(
            index=segment.index,
            start_s=segment.start_s,
            end_s=segment.end_s,
            source=segment.text,
            draft=translation.text,
            confidence=translation.confidence,
            speaker=segment.speaker,
        )
        for segment, translation in zip(transcript.segments, draft.translations, strict=True)
    )
    limits = profile_named(request.profile).limits(request.target_language)
    return Text(lingering(lines, limits) if limits else lines, draft)


def lines_of(request: QualityRequest) -> tuple[Line, ...]:
    """The lines that are to be scored, their translations as drafts; indices are their places."""
    lines, at_s = [], 0.0
    for index, line in enumerate(request.lines):
        start_s = at_s if line.start_s is None else line.start_s
        long_s = UNTIMED_S_PER_CHARACTER * (1 + len(line.text))
        end_s = start_s + long_s if line.start_s is None or line.end_s is None else line.end_s
        lines.append(Line(index, start_s, end_s, line.source, line.text))
        at_s = end_s + UNTIMED_GAP_S
    return tuple(lines)


def _demand_fitting(request: EnhancementRequest, transcript: Transcript, draft: TranslatedTranscript) -> None:
    asked = (request.source_language, request.target_language)
    if (draft.source_language, draft.target_language) != asked or transcript.language != request.source_language:
        raise LinesDiffer(
            f"The translation is from {draft.source_language!r} into {draft.target_language!r}, of a transcript in {transcript.language!r}; "
            f"asked for was {asked[0]!r} into {asked[1]!r}."
        )
    if [segment.index for segment in transcript.segments] != [each.segment_index for each in draft.translations]:
        raise LinesDiffer("The translation does not have the transcript's segments; translate the transcript again.")
