"""How fast a text must be read, and how fast it may be."""

from typing import Final

from setu_common.subtitles.measure import reading_length
from setu_common.subtitles.profile import NETFLIX

USUAL: Final = 17.0
SHORTEST_S: Final = 0.001


def reading_speed(text: str, duration_s: float, language: str = "") -> float:
    """Characters a second, as Netflix counts them: everything a reader sees, spaces too; a line's end counts as a space.

    Args:
        text: what stands on the screen.
        duration_s: how long it stands there. A millisecond at least is reckoned with.
        language: of the text; in Chinese, Japanese and Korean half-width characters count half.
    """
    return reading_length(text.strip(), language) / max(duration_s, SHORTEST_S)


def limit_of(language: str) -> float:
    """The most characters a second that a language may be shown with.

    Source: Netflix, Timed Text Style Guide, as ``setu_common.subtitles`` keeps it.
    """
    limits = NETFLIX.limits(language)
    return limits.characters_per_s if limits else USUAL
