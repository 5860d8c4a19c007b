"""Cutting speech into cues: where one ends and the next begins.

A cue begins when its first word is spoken, and may be seen until the next one begins, less the gap. So how long a cue can be seen
depends on its own two ends alone, and the best way to cut is a shortest path through the words.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

from setu_common.subtitles.breaks import break_cost
from setu_common.subtitles.measure import measure
from setu_common.subtitles.profile import Limits
from setu_common.subtitles.units import Unit

# Source: BBC subtitle guidelines, 5.2: subtitles should not anticipate speech by more than 1.5 s.
SILENCE_MS: Final = 1500
PAUSE_MS: Final = 300  # what a listener hears as a break
INSTANT_MS: Final = 100  # what a cue gets at the least, wherever its text is forced into no time at all
DASH: Final = "- "

# What hurts, beside ``breaks``. Chosen by looking at the cues that come out; the rules themselves are no matter of cost.
A_CUE: Final = 10.0
A_SECOND_LINE: Final = 4.0
A_DIALOGUE: Final = 6.0
A_SENTENCE_WITHIN: Final = 14.0
COMFORTABLE_MS: Final = 1200
A_MS_MISSING: Final = 0.1
TOO_SHORT: Final = 40.0
FORBIDDEN: Final = 1e7
TOLERANCE_MS: Final = 1e-6  # of floating point


class Words:
    """The units of a recording, with what is asked of any stretch of them.

    A stretch is named by the places of its first unit and of the one behind its last.

    Args:
        units: in order of time.
        limits: the rules.
        language: of the text.
    """

    def __init__(self, units: Sequence[Unit], limits: Limits, language: str) -> None:
        self.units = units
        self.limits = limits
        self.language = language
        self.space = measure(" ", language)
        self.dash = measure(DASH, language)
        self.starts = [unit.start_ms for unit in units]
        self.widths = [measure(unit.text, language) for unit in units]
        self.spaces = [self.space if unit.spaced else 0.0 for unit in units]
        self.room = [0.0, *accumulate(width + space for width, space in zip(self.widths, self.spaces, strict=True))]
        self.overlong = [0, *accumulate(width > limits.line_characters for width in self.widths)]
        self.silent = [False, *(after.start_ms - before.end_ms >= SILENCE_MS for before, after in pairwise(units))]
        self.turns = [False, *(_turns(before, after) for before, after in pairwise(units))]
        self.line_ends = self._line_ends(limits.line_characters)
        self.spoken_line_ends = self._line_ends(limits.line_characters - self.dash)
        self._last_spaced = list(accumulate((place if unit.spaced else 0 for place, unit in enumerate(units)), max))

    def width(self, first: int, after: int) -> float:
        """How many characters a stretch has, on one line."""
        return self.room[after] - self.room[first] - self.spaces[first]

    def dashes(self, turn: int) -> float:
        """What a dialogue has to read beside its words: two dashes, and a line's end that counts as a space."""
        return 2 * self.dash + self.space - self.spaces[turn]

    def broken_at_spaces(self, first: int) -> int:
        """Up to which end two lines from a place can be parted at a space. Beyond, the line's end counts as one more character."""
        line_end = self.line_ends[first]
        if line_end >= len(self.units):
            return line_end
        place = self._last_spaced[line_end]
        return self.line_ends[place] if place > first else line_end

    def turn_within(self, first: int, after: int) -> int | None:
        """Where another speaker begins within a stretch."""
        return next((place for place in range(first + 1, after) if self.turns[place]), None)

    def _line_ends(self, characters: float) -> list[int]:
        """For each place, behind which unit a line that begins there must end; a unit that is too long has one of its own."""
        ends = []
        for first in range(len(self.units)):
            longest = self.room[first] + self.spaces[first] + characters
            ends.append(max(first + 1, bisect_right(self.room, longest, lo=first + 1) - 1))
        return [*ends, len(self.units)]


def _turns(before: Unit, after: Unit) -> bool:
    return before.speaker != after.speaker and before.speaker is not None and after.speaker is not None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A cue to be: units ``first`` up to, and without, ``after``; another speaker begins at ``turn``, if one does."""

    first: int
    after: int
    turn: int | None


def cut(words: Words) -> list[Stretch]:
    """The best way to cut words into cues.

    First the way that hurts least, where broken rules hurt by how much time to read is missing. Then, where that way breaks rules,
    the way with the fewest of these cues: all others may be cut anew, but so that they break none. So a cue that breaks a rule is
    left only where no way from any end of a cue before it to any behind it keeps them all.
    """
    scales = _Scales(words)
    count = len(words.units)
    borders = [0, *(place for place in range(count) if words.silent[place]), count]
    return [
        Stretch(first, after, words.turn_within(first, after))
        for begin, end in pairwise(borders)
        for first, after in _cut_run(scales, begin, end)
    ]


def _cut_run(scales: "_Scales", begin: int, end: int) -> list[tuple[int, int]]:
    """Cut the words between two silences, which no cue spans."""
    choices = [scales.cues_from(first) for first in range(begin, end)]
    path = _cheapest(choices, begin)
    broken = {(first, after) for first, after in path for each, _, breaks in choices[first - begin] if breaks and each == after}
    if not broken:
        return path
    allowed = [
        [
            (after, cost + FORBIDDEN if breaks else cost, breaks)
            for after, cost, breaks in found
            if not breaks or (first, after) in broken
        ]
        for first, found in enumerate(choices, begin)
    ]
    return _cheapest(allowed, begin)


def _cheapest(choices: Sequence[Sequence[tuple[int, float, bool]]], begin: int) -> list[tuple[int, int]]:
    """The cheapest way through a run, given the cues that may begin at each of its places."""
    end = begin + len(choices)
    best = dict.fromkeys(range(begin, end + 1), float("inf"))
    best[begin] = 0.0
    origin: dict[int, int] = {}
    for first, found in enumerate(choices, begin):
        so_far = best[first]
        for after, cost, _ in found:
            if so_far + cost < best[after]:
                best[after] = so_far + cost
                origin[after] = first
    path = []
    after = end
    while after > begin:
        path.append((origin[after], after))
        after = origin[after]
    return path[::-1]


class _Scales:
    """Weighs every cue that could be."""

    def __init__(self, words: Words) -> None:
        self._words = words
        units, count = words.units, len(words.units)
        joints = list(pairwise(units))
        pauses = [min(max(after.start_ms - before.end_ms, 0), SILENCE_MS) for before, after in joints]
        raw = [break_cost(before.text, after.text, words.language) for before, after in joints]
        eased = [_eased(cost, pause, *joint) for cost, pause, joint in zip(raw, pauses, joints, strict=True)]
        self._cost_of_end = [0.0, *eased, 0.0]
        # Up to the joint before a place: what it costs that sentences end, and pauses are, within a cue.
        within = [
            (A_SENTENCE_WITHIN if cost == 0 else 0) + max(0, pause - PAUSE_MS) / 50
            for cost, pause in zip(raw, pauses, strict=True)
        ]
        self._within = [0.0, *accumulate(within, initial=0.0)]
        self._next_turn = _next_of(words.turns, count)
        self._next_silence = _next_of(words.silent, count)
        longest_ms = words.limits.longest_ms
        self._begun = [
            bisect_right(words.starts, start_ms + longest_ms, lo=place) for place, start_ms in enumerate(words.starts)
        ]

    def cues_from(self, first: int) -> list[tuple[int, float, bool]]:
        """All cues that begin at a place: behind which unit each ends, what it costs, whether it breaks a rule."""
        words = self._words
        line_end, turn = words.line_ends[first], self._next_turn[first]
        bounds = min(self._next_silence[first], self._begun[first])
        furthest = min(bounds, turn, words.line_ends[line_end] if words.limits.lines > 1 else line_end)
        found = self._weighed(first, range(first + 1, max(furthest, first + 1) + 1), line_end, 0.0)
        if turn < min(bounds, len(words.units)) and words.limits.lines > 1:
            room = words.limits.line_characters - words.dash
            if words.width(first, turn) <= room and words.widths[turn] <= room:
                furthest = min(bounds, self._next_turn[turn], words.spoken_line_ends[turn])
                found += self._weighed(first, range(turn + 1, furthest + 1), turn, words.dashes(turn))
        return found

    def _weighed(self, first: int, ends: range, line_end: int, dashes: float) -> list[tuple[int, float, bool]]:
        """Called for each place, with some twenty ends: it is most of the time that cutting takes."""
        words, limits = self._words, self._words.limits
        room, starts, overlong = words.room, words.starts, words.overlong
        cost_of_end, within = self._cost_of_end, self._within
        count, longest_ms, shortest_ms = len(starts), limits.longest_ms, limits.shortest_ms
        ms_of_character = 1000 / limits.characters_per_s
        room_before = room[first] + words.spaces[first] - dashes
        free_from = starts[first] + limits.gap_ms
        always = A_CUE - within[first + 1] + (A_DIALOGUE if dashes else 0.0)
        at_spaces = count if dashes else words.broken_at_spaces(first)
        ms_of_break = words.space * ms_of_character
        found = []
        for after in ends:
            shown_ms = longest_ms if after == count else starts[after] - free_from
            cost = always + cost_of_end[after] + within[after] + (A_SECOND_LINE if after > line_end else 0.0)
            shown_ms = min(shown_ms, longest_ms)
            broken = overlong[after] > overlong[first]
            needed_ms = (room[after] - room_before) * ms_of_character
            if after > line_end and after > at_spaces:
                needed_ms += ms_of_break
            if needed_ms > shown_ms + TOLERANCE_MS:
                broken = True
                cost += (needed_ms - shown_ms) * A_MS_MISSING
            if shown_ms < COMFORTABLE_MS:
                cost += (COMFORTABLE_MS - shown_ms) / 50
                if shown_ms < shortest_ms:
                    broken = True
                    cost += TOO_SHORT if shown_ms >= INSTANT_MS else TOO_SHORT * 10
            found.append((after, cost, broken))
        return found


def _eased(cost: float, pause_ms: int, before: Unit, after: Unit) -> float:
    """A break hurts less where the speaker pauses, where the recogniser had a phrase end, and not at all at another speaker's turn."""
    if _turns(before, after):
        return 0.0
    if before.segment_index != after.segment_index:
        cost *= 0.6
    return cost * (1 - min(pause_ms, 1000) / 1000)


def _next_of(marks: Sequence[bool], count: int) -> list[int]:
    """For each place, the next one behind it that is marked; ``count`` if none is."""
    found = [count] * count
    for place in range(count - 2, -1, -1):
        found[place] = place + 1 if marks[place + 1] else found[place + 1]
    return found
