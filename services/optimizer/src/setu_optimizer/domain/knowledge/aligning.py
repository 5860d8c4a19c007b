"""Corrected subtitles beside what was delivered: which lines belong together, and what was put for what."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from setu_common.contracts import EditedCue, Segment, Transcript, TranslatedTranscript
from setu_common.spelling.words import folded, words

MEETS: Final = 0.5
"""A cue belongs to a segment if they share so much of the shorter one's time."""
NEAR_S: Final = 0.5
"""A cue that meets no segment belongs to the nearest that is not further away."""


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
    """Segments with the cues at their times, in order; a cue over several segments joins them. What nobody left a cue for is left out.

    Subtitles are cut anew for reading and by people, so cues and segments need not be as many: they are compared by their times.
    """
    texts = {each.segment_index: each.text for each in delivered.translations}
    segments = [each for each in transcript.segments if each.index in texts]
    order = sorted(range(len(cues)), key=lambda at: (cues[at].start_s, at))
    meeting = _meetings(segments, cues, order)
    together = list(range(len(segments)))
    for met in meeting.values():
        for other in met[1:]:
            _unite(together, met[0], other)
    members: dict[int, list[int]] = defaultdict(list)
    for at in range(len(segments)):
        members[_root(together, at)].append(at)
    of_root: dict[int, list[str]] = defaultdict(list)
    for cue in order:
        if cue in meeting:
            of_root[_root(together, meeting[cue][0])].append(cues[cue].text)
    return [
        Passage(
            source=" ".join(segments[each].text.strip() for each in of),
            delivered=" ".join(texts[segments[each].index].strip() for each in of),
            edited=" ".join(" ".join(text.split()) for text in of_root[root]),
            index=segments[of[0]].index,
        )
        for root, of in sorted(members.items(), key=lambda each: each[1][0])
        if root in of_root
    ]


def replacements(passage: Passage) -> list[Replacement]:
    """What a person put for what, word by word; the same word in another case is none of it."""
    old, new = words(passage.delivered), words(passage.edited)
    matcher = SequenceMatcher(None, [folded(each) for each in old], [folded(each) for each in new], autojunk=False)
    return [
        Replacement(passage, tuple(old[a:b]), tuple(new[c:d])) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"
    ]


def _meetings(segments: Sequence[Segment], cues: Sequence[EditedCue], order: Sequence[int]) -> dict[int, list[int]]:
    """For each cue the segments that it belongs to, by their places."""
    found: dict[int, list[int]] = {}
    first = 0
    for at in order:
        cue = cues[at]
        while first < len(segments) and segments[first].end_s < cue.start_s - NEAR_S:
            first += 1
        met, nearest, distance_s = [], None, NEAR_S
        for place in range(first, len(segments)):
            segment = segments[place]
            if segment.start_s > cue.end_s + NEAR_S:
                break
            shared_s = min(cue.end_s, segment.end_s) - max(cue.start_s, segment.start_s)
            shorter_s = max(min(cue.end_s - cue.start_s, segment.end_s - segment.start_s), 1e-3)
            if shared_s >= MEETS * shorter_s:
                met.append(place)
            elif -shared_s <= distance_s:
                nearest, distance_s = place, -shared_s
        if met or nearest is not None:
            found[at] = met or [place for place in (nearest,) if place is not None]
    return found


def _root(together: list[int], at: int) -> int:
    while together[at] != at:
        together[at] = together[together[at]]
        at = together[at]
    return at


def _unite(together: list[int], one: int, other: int) -> None:
    first, second = sorted((_root(together, one), _root(together, other)))
    together[second] = first
