"""How long an edit may be: by its draft, by its line, and by the time there is to read it."""

from typing import Final

from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.text.measures import reading_speed

# Letters that English takes for a letter of another script's text: what is said in ten characters of Chinese needs thirty.
# Source: mean ratios in translations of the project's own sample lines; the limits below are wide enough for twice as much.
_WIDTH: Final = {
    "ja": 2.2,
    "zh": 3.2,
    "yue": 3.2,
    "ko": 1.9,
    "th": 1.1,
    "ar": 1.2,
    "he": 1.25,
    "hi": 1.1,
    "mr": 1.1,
    "ta": 0.9,
    "ml": 0.9,
}
LONGER: Final = 1.9
LONGER_BY: Final = 14
SHORTER: Final = 2.4
SHORTER_BY: Final = 8
RUNAWAY: Final = 4.0


def expected_length(line: Line, pair: Pair) -> float:
    """How long a translation is to be expected, by the line's length alone, characters."""
    return len(line.source.strip()) * _WIDTH.get(pair.source, 1.0) / _WIDTH.get(pair.target, 1.0)


def proportion_fault(line: Line, edit: str, pair: Pair) -> str:
    """Why an edit is too long or too short to say what the line says: it must be so by the draft and by the line, or far so by one."""
    length, drafted, expected = len(edit.strip()), len(line.draft.strip()), expected_length(line, pair)
    longest = max(drafted, expected)
    if length > LONGER * longest + LONGER_BY or (drafted and length > RUNAWAY * drafted + LONGER_BY):
        return f"It has {length} characters and the draft {drafted}: it must say what the line says, and no more."
    shortest = min(drafted, expected) if drafted else expected
    if SHORTER * length + SHORTER_BY < shortest:
        return f"It has {length} characters and the draft {drafted}: it must say all that the line says."
    return ""


def speed_fault(line: Line, edit: str, pair: Pair, characters_per_s: float) -> str:
    """Why an edit can't be read in its time, unless it is no slower to read than its draft."""
    speed = reading_speed(edit, line.duration_s, pair.target)
    if speed <= characters_per_s or speed <= reading_speed(line.draft, line.duration_s, pair.target):
        return ""
    most = int(characters_per_s * line.duration_s)
    return f"It takes {speed:.0f} characters a second to read, and {characters_per_s:.0f} are allowed: say it in {most} characters."
