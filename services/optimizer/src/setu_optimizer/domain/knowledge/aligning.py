"""Corrected subtitles beside what was delivered: which lines belong together, and what was put for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from setu_common.contracts import EditedCue, Transcript, TranslatedTranscript
from setu_common.spelling.words import folded, words
from setu_optimizer.domain.meeting import joined


@dataclass(frozen=True)
class Passage:
    """A stretch of speech as it was said, delivered, and left by a person.

    Args:
        source: what was said.
        delivered: its translation.
        edited: the same as a person left it.
        index: of its first segment.
    """

    source: str
    delivered: str
    edited: str
    index: int

    @property
    def changed(self) -> bool:
        """Whether a person changed its words, and not just signs or line breaks."""
        return words(self.delivered) != words(self.edited)


@dataclass(frozen=True)
class Replacement:
    """Some words in a row that a person put for others.

    Args:
        passage: where.
        old: what was delivered; may be empty.
        new: what stands there now; may be empty.
    """

    passage: Passage
    old: tuple[str, ...]
    new: tuple[str, ...]


def passages(transcript: Transcript, delivered: TranslatedTranscript, cues: Sequence[EditedCue]) -> list[Passage]:
    """Segments with the cues at their times, in order; a cue over several segments joins them. What nobody left a cue for is left out."""
    texts = {each.segment_index: each.text for each in delivered.translations}
    segments = [each for each in transcript.segments if each.index in texts]
    return [
        Passage(
            source=" ".join(segments[each].text.strip() for each in of),
            delivered=" ".join(texts[segments[each].index].strip() for each in of),
            edited=" ".join(" ".join(cues[at].text.split()) for at in own),
            index=segments[of[0]].index,
        )
        for of, own in joined(segments, cues)
        if of and own
    ]


def replacements(passage: Passage) -> list[Replacement]:
    """What a person put for what, word by word; the same word in another case is none of it."""
    old, new = words(passage.delivered), words(passage.edited)
    matcher = SequenceMatcher(None, [folded(each) for each in old], [folded(each) for each in new], autojunk=False)
    return [
        Replacement(passage, tuple(old[a:b]), tuple(new[c:d])) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"
    ]
