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
LONGEST_RUN: Final = 4  # windows that wait for one another; a longer scene is cut
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
    """A line that is shown for its context: with its text, or, as long as that may still change, without."""

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
        """Put lines into windows.

        A scene stays whole where it has no more lines than a window holds; small ones share a window. Windows of one scene follow one
        another, so that each sees what became of the lines before it. Different runs know nothing of each other.

        Args:
            indices: of the lines that are to be edited.
            most_lines: of a window.
            longest_run: windows of a run, at most.
        """
        wanted = set(indices)
        runs: list[Run] = []
        window: list[int] = []
        for scene in self._scenes:
            chosen = [line.index for line in scene if line.index in wanted]
            if len(window) + len(chosen) > most_lines and window:
                runs.append((tuple(window),))
                window = []
            if len(chosen) <= most_lines:
                window += chosen
                continue
            windows = _even(chosen, most_lines)
            runs += [tuple(windows[at : at + longest_run]) for at in range(0, len(windows), longest_run)]
        return (*runs, (tuple(window),)) if window else tuple(runs)

    def window(self, asks: Sequence[Ask], finals: Mapping[int, str]) -> Window:
        """What a model is shown of some lines.

        Args:
            asks: those that are to be edited.
            finals: the final texts, by index, of lines that are done; others of the same scene are shown with their drafts.
        """
        asked = {self._place[ask.line.index]: ask for ask in asks}
        shown: list[Shown] = []
        last: int | None = None
        for place in sorted(self._seen_from(asked)):
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
            self._around[index] = tuple(self.lines[each] for each in sorted(self._seen_from([place])) if each != place)
        return self._around[index]

    def neighbours(self, index: int, finals: Mapping[int, str]) -> tuple[str, ...]:
        """The texts around a line in its scene, as they will be read."""
        return tuple(
            finals.get(line.index, line.draft)
            for line in self.around(index)
            if self._scene_of[self._place[line.index]] == self._scene_of[self._place[index]]
        )

    def _seen_from(self, places: Mapping[int, Ask] | Sequence[int]) -> set[int]:
        seen = set(places)
        for place in places:
            scene = self._scene_of[place]
            for near in range(max(0, place - self._before), min(len(self.lines), place + self._after + 1)):
                if self._scene_of[near] == scene:
                    seen.add(near)
            start = self._starts[scene]
            if place - start < self._before:
                seen.update(range(max(0, start - ACROSS_SCENES), start))
        return seen

    def _said(self, place: int, asked: Mapping[int, Ask], finals: Mapping[int, str]) -> Said:
        line = self.lines[place]
        same_scene = any(self._scene_of[each] == self._scene_of[place] for each in asked)
        return Said(line, finals.get(line.index, line.draft) if same_scene else None)


def _even(indices: Sequence[int], most: int) -> list[tuple[int, ...]]:
    """Parts of nearly the same size, none larger than ``most``."""
    count = -(-len(indices) // most)
    cuts = [round(number * len(indices) / count) for number in range(count + 1)]
    return [tuple(indices[start:end]) for start, end in pairwise(cuts)]
