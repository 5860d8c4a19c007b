"""Delivery profiles: the rules of the trade, by which speech is cut into cues and cues are checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from setu_common.errors import InvalidRequest


class UnknownProfile(InvalidRequest):
    """A delivery profile that there is none of."""

    code = "unknown-subtitle-profile"
    title = "There is no such delivery profile"


@dataclass(frozen=True)
class Limits:
    """What holds for the cues of one language.

    Args:
        characters_per_s: the fastest that may be read.
        line_characters: the longest line, as ``measure`` counts.
        lines: how many there may be.
        shortest_ms: a cue's least duration.
        longest_ms: its greatest.
        gap_ms: the least between two cues.
        chained_ms: a longer gap that is still shorter than this is closed to ``gap_ms``, since it would flicker; 0: never.
    """

    characters_per_s: float
    line_characters: int
    lines: int
    shortest_ms: int
    longest_ms: int
    gap_ms: int
    chained_ms: int


@dataclass(frozen=True)
class Profile:
    """Rules under a name.

    Args:
        name: by which jobs ask for it.
        description: for people.
        source: where the rules come from.
        base: the limits of languages that are not named; None: no rules at all.
        characters_per_s: of languages that are read faster or slower.
        line_characters: of languages whose lines are shorter.
    """

    name: str
    description: str
    source: str
    base: Limits | None
    characters_per_s: Mapping[str, float] = field(default_factory=dict)
    line_characters: Mapping[str, int] = field(default_factory=dict)

    def limits(self, language: str) -> Limits | None:
        """What holds for a language; None if nothing does."""
        if self.base is None:
            return None
        base = self.base
        return Limits(
            self.characters_per_s.get(language, base.characters_per_s),
            self.line_characters.get(language, base.line_characters),
            base.lines,
            base.shortest_ms,
            base.longest_ms,
            base.gap_ms,
            base.chained_ms,
        )


_LINE_CHARACTERS: Final = MappingProxyType({"ja": 23, "ko": 16, "zh": 16, "yue": 16, "th": 35})

# Source: Netflix, Timed Text Style Guide (general requirements and the languages' own pages), in the figures that Subtitle Edit's
# Netflix profiles apply: 5/6 s to 7 s and a gap of 2 frames, at 23.976 frames a second. Gaps of 3 to 11 frames are closed to 2.
NETFLIX: Final = Profile(
    name="netflix",
    description="Streaming: 42 characters a line, 17 a second (20 English and Arabic, 22 Hindi), 5/6 s to 7 s",
    source="Netflix Timed Text Style Guide",
    base=Limits(17, 42, 2, shortest_ms=833, longest_ms=7007, gap_ms=83, chained_ms=500),
    characters_per_s=MappingProxyType({"en": 20, "ar": 20, "hi": 22, "ko": 12, "zh": 9, "yue": 9, "ja": 4}),
    line_characters=_LINE_CHARACTERS,
)

# Source: the European broadcaster ARTE, in the figures of Subtitle Edit's profile "Arte (German/English)": 40 characters a line, 20
# a second, 1 s to 10 s, 5 frames at 25 a second between cues. It says nothing of Chinese, Japanese, Korean and Thai: Netflix's hold.
BROADCAST: Final = Profile(
    name="broadcast",
    description="European television (ARTE): 40 characters a line, 20 a second, 1 s to 10 s, 200 ms between cues",
    source='Subtitle Edit, rules profile "Arte (German/English)"',
    base=Limits(20, 40, 2, shortest_ms=1000, longest_ms=10_000, gap_ms=200, chained_ms=0),
    characters_per_s=MappingProxyType({"ko": 12, "zh": 9, "yue": 9, "ja": 4}),
    line_characters=_LINE_CHARACTERS,
)

NONE: Final = Profile(
    name="none",
    description="As it was spoken: one cue for each segment, no rules",
    source="none",
    base=None,
)

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType({each.name: each for each in (NETFLIX, BROADCAST, NONE)})


def profile_named(name: str) -> Profile:
    """The profile of a name.

    Raises:
        UnknownProfile: there is none.
    """
    try:
        return PROFILES[name]
    except KeyError:
        raise UnknownProfile(
            f"There is no delivery profile {name!r}; ask for one of these: {', '.join(PROFILES)}.", profiles=list(PROFILES)
        ) from None
