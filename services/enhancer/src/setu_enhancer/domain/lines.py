"""Lines of dialogue as they were translated, and the scenes that they make up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

SCENE_GAP_S = 4.0


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
    """

    index: int
    start_s: float
    end_s: float
    source: str
    draft: str
    confidence: float | None = None
    speaker: str | None = None

    def __hash__(self) -> int:
        return hash((self.index, self.source))  # looked up often, and of two lines hardly more is the same

    @property
    def duration_s(self) -> float:
        """How long it can be read, seconds."""
        return max(0.0, self.end_s - self.start_s)


class Pair(NamedTuple):
    """From which language into which, as BCP 47 codes."""

    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.source}-{self.target}"


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
