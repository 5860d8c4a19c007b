"""Lines of dialogue as they were translated, and the scenes that they make up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import NamedTuple

from setu_common.subtitles.profile import Limits

SCENE_GAP_S = 4.0
_MS_PER_S = 1000


@dataclass(frozen=True)
class Line:
    """A line as a machine translated it.

    Args:
        index: its own, which nothing that is done to it changes.
        start_s: when it is said, seconds.
        end_s: when it has been said.
        source: what is said.
        draft: its translation.
        confidence: the translating engine's own, 0..1; None if it tells none.
        speaker: who says it, if that is known.
        until_s: until when it may stay on the screen; None: no longer than it is said.
    """

    index: int
    start_s: float
    end_s: float
    source: str
    draft: str
    confidence: float | None = None
    speaker: str | None = None
    until_s: float | None = None

    def __hash__(self) -> int:
        return hash((self.index, self.source))  # looked up often, and of two lines hardly more is the same

    @property
    def duration_s(self) -> float:
        """How long it can be read, seconds."""
        return max(0.0, (self.end_s if self.until_s is None else self.until_s) - self.start_s)


class Pair(NamedTuple):
    """From which language into which, as BCP 47 codes."""

    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.source}-{self.target}"


def lingering(lines: Sequence[Line], limits: Limits) -> tuple[Line, ...]:
    """Lines that stay on the screen until the next one needs it, as delivered subtitles do.

    Args:
        lines: in their order.
        limits: those that they are delivered with.
    """
    longest_s, gap_s = limits.longest_ms / _MS_PER_S, limits.gap_ms / _MS_PER_S
    found = []
    for line, following in zip_longest(lines, lines[1:]):
        free_s = line.start_s + longest_s if following is None else min(line.start_s + longest_s, following.start_s - gap_s)
        found.append(replace(line, until_s=max(line.end_s, free_s)))
    return tuple(found)


def scenes(lines: Sequence[Line], gap_s: float = SCENE_GAP_S) -> tuple[tuple[Line, ...], ...]:
    """Lines cut where nobody speaks for so long: what is said before a cut tells little of what comes after.

    Args:
        lines: in their order.
        gap_s: the silence that ends a scene, seconds.

    Returns:
        All lines, in their order; no scene is empty.
    """
    found: list[list[Line]] = []
    until_s = 0.0
    for line in lines:
        if not found or line.start_s - until_s >= gap_s:
            found.append([])
            until_s = line.end_s
        found[-1].append(line)
        until_s = max(until_s, line.end_s)  # lines may overlap, and a short one lie within a long one
    return tuple(tuple(scene) for scene in found)
