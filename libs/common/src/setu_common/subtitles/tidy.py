"""What is done to cues so that every player shows them as they are meant."""

import unicodedata
from collections.abc import Iterable
from typing import Final

from setu_common.subtitles.cue import Cue

SHORTEST_MS: Final = 100
"""What a cue without any duration of its own gets. No rule for reading, only for being there at all."""

# Word joiner and zero-width no-break space: invisible, without effect at the ends of marks; used to take marks' force away.
INVISIBLE: Final = "\u2060\ufeff"
LINE_ENDS: Final = dict.fromkeys(map(ord, "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), "\n")


def tidy(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """Cues as they are written: in order of time, none over another, none empty, whole milliseconds, clean text.

    A cue that runs into the next one ends where that begins; if they begin together, the later one waits for 100 ms.
    """
    clean = [(_ms(cue.start_s), _ms(cue.end_s), tidy_text(cue.text), cue.segment_indices) for cue in cues]
    clean = sorted((each for each in clean if each[2]), key=lambda each: each[0])
    result = []
    free_ms = 0
    for place, (start_ms, end_ms, text, segment_indices) in enumerate(clean):
        start = max(start_ms, free_ms)
        end = max(end_ms, start + SHORTEST_MS)
        if place + 1 < len(clean):
            end = max(min(end, clean[place + 1][0]), start + SHORTEST_MS)
        result.append(Cue(start / 1000, end / 1000, text, segment_indices))
        free_ms = end
    return tuple(result)


def tidy_text(text: str) -> str:
    """Lines without blank ones among them, without control characters, and without space around them."""
    text = text.replace("\r\n", "\n").translate(LINE_ENDS)
    kept = (" " if character == "\t" else character for character in text if _is_text(character))
    return "\n".join(line for line in map(str.strip, "".join(kept).split("\n")) if line)


def _is_text(character: str) -> bool:
    if character in "\n\t":
        return True
    # Cc: control. Cs: half of a character, which no file can hold. Joiners and marks of direction are Cf and stay.
    return character not in INVISIBLE and unicodedata.category(character) not in ("Cc", "Cs")


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
