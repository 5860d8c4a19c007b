"""Which cues and segments belong together: subtitles are cut anew for reading and by people, so that they are compared by their times."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from setu_common.contracts import EditedCue, Segment

MEETS: Final = 0.5
"""A cue belongs to a segment if they share so much of the shorter one's time."""
NEAR_S: Final = 0.5
"""A cue that meets no segment belongs to the nearest that is not further away."""


class Together(NamedTuple):
    """Segments and the cues that belong to them, by their places in order of time; either may be missing."""

    segments: tuple[int, ...]
    cues: tuple[int, ...]


def joined(segments: Sequence[Segment], cues: Sequence[EditedCue]) -> list[Together]:
    """All segments with their cues, in the segments' order, then cues that belong to none. A cue over several segments joins them.

    Args:
        segments: in order of time.
        cues: in any order.
    """
    order = sorted(range(len(cues)), key=lambda at: (cues[at].start_s, cues[at].end_s, at))
    meeting = _meetings(segments, cues, order)
    together = list(range(len(segments)))
    for places in meeting.values():
        for other in places[1:]:
            first, second = sorted((_root(together, places[0]), _root(together, other)))
            together[second] = first
    members: dict[int, list[int]] = defaultdict(list)
    for place in range(len(segments)):
        members[_root(together, place)].append(place)
    own: dict[int, list[int]] = defaultdict(list)
    for at in order:
        if at in meeting:
            own[_root(together, meeting[at][0])].append(at)
    lonely = [Together((), (at,)) for at in order if at not in meeting]
    return [*(Together(tuple(places), tuple(own[first])) for first, places in members.items()), *lonely]


def length_s(segment: Segment) -> float:
    """How long a segment is, seconds."""
    return max(segment.end_s - segment.start_s, 0.0)


def _meetings(segments: Sequence[Segment], cues: Sequence[EditedCue], order: Sequence[int]) -> dict[int, list[int]]:
    """For each cue that belongs to any, the segments that it belongs to, by their places."""
    found: dict[int, list[int]] = {}
    first = 0
    for at in order:
        cue = cues[at]
        while first < len(segments) and segments[first].end_s < cue.start_s - NEAR_S:
            first += 1
        met: list[int] = []
        near: list[tuple[float, int]] = []
        for place in range(first, len(segments)):
            segment = segments[place]
            if segment.start_s > cue.end_s + NEAR_S:
                break
            shared_s = min(cue.end_s, segment.end_s) - max(cue.start_s, segment.start_s)
            shorter_s = min(cue.end_s - cue.start_s, length_s(segment))
            if shared_s > 0 and shared_s >= MEETS * shorter_s:
                met.append(place)
            elif -shared_s <= NEAR_S:
                near.append((-shared_s, place))
        if met or near:
            found[at] = met or [min(near)[1]]
    return found


def _root(together: list[int], at: int) -> int:
    while together[at] != at:
        together[at] = together[together[at]]
        at = together[at]
    return at
