"""Which lines are asked for together, in which order, and what is shown around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final, Literal

from setu_common.contracts import Context, Reason
from setu_enhancer.domain.glossary import Entry, Glossary
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.lines import Line, Pair, scenes

ACROSS_SCENES: Final = 1  # lines of the scene before that are shown
NOT_UNDERSTOOD: Final = frozenset({"meaning", "place"})  # faults of edits that can't be mended from the line alone
LONGEST_RUN: Final = 4  # windows that wait for one another
# What it costs to cut a scene, in windows: some six lines are shown twice then, a quarter of what a window costs before it has a line.
# Where the second window does not even wait for the first, it is worth a window more to do without.
CUT: Final = 0.25
UNSEEN_CUT: Final = 1.25
UNEVEN: Final = 1e-4  # of two ways that cost the same, the more even one
SHORTEST_ALLOWANCE: Final = 8  # characters; a cue that is up for an instant still says something
ROOMY: Final = 1.5  # times the draft: an edit is hardly ever longer than that
STEP: Final = 8  # characters, by which time to read is told apart where there is little


@dataclass(frozen=True)
class Example:
    """How a line much like another one was rendered before."""

    source: str
    text: str


@dataclass(frozen=True)
class Ask:
    """A line that is to be edited.

    Args:
        line: the line; its index is the id that a model sees.
        reasons: why it was chosen.
        similar: earlier edits of lines like it.
        faults: what was wrong with the last edit, if there was one.
        refused: that edit.
    """

    line: Line
    reasons: tuple[Reason, ...] = ()
    similar: tuple[Example, ...] = ()
    faults: tuple[Breach, ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class Said:
    """A line that is shown for its context: what is said, and, of one that comes before lines of its scene to edit, how it stands now."""

    line: Line
    text: str | None


@dataclass(frozen=True)
class Break:
    """Between two lines that are shown: the scene ends, or lines are left out."""

    kind: Literal["scene", "gap"]


Shown = Ask | Said | Break


@dataclass(frozen=True)
class Window:
    """What one request is about.

    Args:
        pair: the languages.
        shown: lines in the order in which they are spoken.
        entries: names and terms that occur in the lines to edit.
        context: what is known of the recording.
        characters_per_s: how fast one may have to read.
    """

    pair: Pair
    shown: tuple[Shown, ...]
    entries: tuple[Entry, ...]
    context: Context
    characters_per_s: float

    @property
    def asks(self) -> tuple[Ask, ...]:
        """The lines that are to be edited."""
        return tuple(each for each in self.shown if isinstance(each, Ask))

    def allowance(self, line: Line) -> int:
        """How many characters of a line there is time to read."""
        return allowance(line, self.characters_per_s)


def allowance(line: Line, characters_per_s: float) -> int:
    """How many characters of a line there is time to read, at so many a second."""
    return max(SHORTEST_ALLOWANCE, int(line.duration_s * characters_per_s))


def is_roomy(line: Line, characters_per_s: float) -> bool:
    """Whether there is time to read all that a line may become."""
    return allowance(line, characters_per_s) >= ROOMY * max(len(line.draft), len(line.source))


Run = tuple[tuple[int, ...], ...]
"""Windows that follow one another, each given as the indices of its lines to edit."""


class Film:
    """Lines in their scenes.

    Args:
        lines: all of them, in their order.
        pair: their languages.
        glossary: names and terms.
        context: what is known of the recording.
        characters_per_s: how fast one may have to read.
        before: how many lines are shown before one that is to be edited.
        after: how many after it.
        scene_gap_s: a silence as long as this ends a scene, seconds.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        pair: Pair,
        glossary: Glossary,
        context: Context,
        *,
        characters_per_s: float,
        before: int = 4,
        after: int = 2,
        scene_gap_s: float = 4.0,
    ) -> None:
        self.lines = tuple(lines)
        self.pair = pair
        self.glossary = glossary
        self.characters_per_s = characters_per_s
        self._context = context
        self._before = before
        self._after = after
        self._scenes = scenes(self.lines, scene_gap_s)
        self._scene_of = [number for number, scene in enumerate(self._scenes) for _ in scene]
        self._starts = [0, *accumulate(len(scene) for scene in self._scenes)]
        self._place = {line.index: place for place, line in enumerate(self.lines)}
        self._entries: dict[int, tuple[Entry, ...]] = {}
        self._around: dict[int, tuple[Line, ...]] = {}

    def runs(self, indices: Sequence[int], most_lines: int, longest_run: int = LONGEST_RUN) -> tuple[Run, ...]:
        """Put lines into as few windows as hold them, neighbouring scenes together.

        A scene stays whole unless cutting it saves a good part of a window. The windows of a scene follow one another, so that each sees what
        became of the lines before it, as far as runs are not longer than they may be. Different runs know nothing of each other.

        Args:
            indices: of the lines that are to be edited.
            most_lines: of a window.
            longest_run: windows of a run, at most.
        """
        wanted = set(indices)
        chosen = [line.index for line in self.lines if line.index in wanted]
        numbers = [self._scene_of[self._place[index]] for index in chosen]
        whole = [at in (0, len(chosen)) or numbers[at - 1] != numbers[at] for at in range(len(chosen) + 1)]
        runs: list[list[tuple[int, ...]]] = []
        for start, end in pairwise(_cuts(whole, most_lines, longest_run)):
            if whole[start] or len(runs[-1]) == longest_run:
                runs.append([])
            runs[-1].append(tuple(chosen[start:end]))
        return tuple(map(tuple, runs))

    def window(self, asks: Sequence[Ask], finals: Mapping[int, str]) -> Window:
        """What a model is shown of some lines.

        Args:
            asks: those that are to be edited.
            finals: the final texts, by index, of lines that are done.
        """
        asked = {self._place[ask.line.index]: ask for ask in asks}
        shown: list[Shown] = []
        last: int | None = None
        for place in sorted(set(asked).union(*(self._seen_from(each, ask) for each, ask in asked.items()))):
            if last is not None and self._scene_of[place] != self._scene_of[last]:
                shown.append(Break("scene"))
            elif last is not None and place != last + 1:
                shown.append(Break("gap"))
            shown.append(asked.get(place) or self._said(place, asked, finals))
            last = place
        entries = dict.fromkeys(entry for ask in asks for entry in self.entries(ask.line.index))
        return Window(self.pair, tuple(shown), tuple(entries), self._context, self.characters_per_s)

    def entries(self, index: int) -> tuple[Entry, ...]:
        """The names and terms of a line."""
        if index not in self._entries:
            self._entries[index] = self.glossary.in_line(self.lines[self._place[index]].source)
        return self._entries[index]

    def room(self, line: Line) -> str:
        """How much time there is to read what becomes of a line: enough, or so many characters, roughly."""
        if is_roomy(line, self.characters_per_s):
            return "enough"
        return str(allowance(line, self.characters_per_s) // STEP)

    def around(self, index: int) -> tuple[Line, ...]:
        """The lines that are shown around a line, whoever is asked for with it."""
        if index not in self._around:
            place = self._place[index]
            self._around[index] = tuple(self.lines[each] for each in sorted(self._seen_from(place)) if each != place)
        return self._around[index]

    def neighbours(self, index: int, finals: Mapping[int, str]) -> tuple[str, ...]:
        """The texts around a line in its scene, as they will be read."""
        return tuple(
            finals.get(line.index, line.draft)
            for line in self.around(index)
            if self._scene_of[self._place[line.index]] == self._scene_of[self._place[index]]
        )

    def _seen_from(self, place: int, ask: Ask | None = None) -> set[int]:
        """Where the lines stand that are shown with one."""
        scene = self._scene_of[place]
        start, end = self._starts[scene], self._starts[scene + 1]
        if ask is not None and ask.refused and NOT_UNDERSTOOD.isdisjoint(fault.kind for fault in ask.faults):
            return {place}
        seen = set(range(max(start, place - self._before), min(end, place + self._after + 1)))
        if place - start < self._before:
            seen.update(range(max(0, start - ACROSS_SCENES), start))
        return seen

    def _said(self, place: int, asked: Mapping[int, Ask], finals: Mapping[int, str]) -> Said:
        line = self.lines[place]
        text = finals.get(line.index, line.draft)
        later = any(self._scene_of[each] == self._scene_of[place] and each > place for each in asked)
        edited = text != line.draft and any(self._scene_of[each] == self._scene_of[place] for each in asked)
        return Said(line, text if later or edited else None)


def _cuts(whole: Sequence[bool], most: int, longest_run: int) -> list[int]:
    """Where windows begin and the last one ends, at the least cost.

    Args:
        whole: for each place before, between and behind the lines, whether no scene is cut there.
        most: lines of a window.
        longest_run: windows that may wait for one another.
    """
    # By place and by how many windows have followed one another up to it: the cost of all before, and where that came from.
    best: list[dict[int, tuple[float, int, int]]] = [{0: (0.0, 0, 0)}]
    for end in range(1, len(whole)):
        ways: dict[int, tuple[float, int, int]] = {}
        for start in range(max(0, end - most), end):
            window = 1 + UNEVEN * (end - start) ** 2
            for before, (cost, _, _) in best[start].items():
                if whole[start]:
                    length, cut = 1, 0.0
                elif before < longest_run:
                    length, cut = before + 1, CUT
                else:
                    length, cut = 1, UNSEEN_CUT
                way = (cost + window + cut, start, before)
                ways[length] = min(ways.get(length, way), way)
        best.append(ways)
    places, at, length = [len(whole) - 1], len(whole) - 1, min(best[-1], key=best[-1].__getitem__)
    while at:
        _, at, length = best[at][length]
        places.append(at)
    return places[::-1]
