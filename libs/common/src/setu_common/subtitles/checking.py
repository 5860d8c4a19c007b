"""Checking cues against a profile's rules, whoever made them."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from pydantic import Field

from setu_common.contracts.contract import Contract
from setu_common.subtitles.cue import Cue
from setu_common.subtitles.measure import measure, reading_length
from setu_common.subtitles.profile import Profile

Rule = Literal["reading-speed", "line-length", "line-count", "too-short", "too-long", "gap", "overlap"]


class Violation(Contract):
    """A rule that a cue breaks; ``cue`` is its place in the file, from 0; of two cues that are too close, the first."""

    rule: Rule
    cue: int = Field(ge=0)
    value: float = Field(description="Characters a second, characters, lines, or milliseconds")
    limit: float


def violations(cues: Sequence[Cue], profile: Profile, language: str) -> tuple[Violation, ...]:
    """Every rule that cues break, in their order.

    Args:
        cues: in order of time.
        profile: the rules.
        language: of the text.
    """
    limits = profile.limits(language)
    if limits is None:
        return ()
    found = []
    for place, cue in enumerate(cues):
        lines = cue.text.split("\n")
        shown_ms = round(cue.end_s * 1000) - round(cue.start_s * 1000)
        characters = reading_length(cue.text, language)
        if characters * 1000 > limits.characters_per_s * shown_ms:
            speed = characters * 1000 / shown_ms if shown_ms > 0 else math.inf
            found.append(
                Violation(rule="reading-speed", cue=place, value=round(min(speed, 1e6), 2), limit=limits.characters_per_s)
            )
        for line in lines:
            length = measure(line, language)
            if length > limits.line_characters:
                found.append(Violation(rule="line-length", cue=place, value=length, limit=limits.line_characters))
        if len(lines) > limits.lines:
            found.append(Violation(rule="line-count", cue=place, value=len(lines), limit=limits.lines))
        if shown_ms < limits.shortest_ms:
            found.append(Violation(rule="too-short", cue=place, value=shown_ms, limit=limits.shortest_ms))
        if shown_ms > limits.longest_ms:
            found.append(Violation(rule="too-long", cue=place, value=shown_ms, limit=limits.longest_ms))
    for place, (cue, following) in enumerate(pairwise(cues)):
        gap_ms = round(following.start_s * 1000) - round(cue.end_s * 1000)
        if gap_ms < 0:
            found.append(Violation(rule="overlap", cue=place, value=gap_ms, limit=0))
        elif gap_ms < limits.gap_ms:
            found.append(Violation(rule="gap", cue=place, value=gap_ms, limit=limits.gap_ms))
    return tuple(sorted(found, key=lambda each: each.cue))
