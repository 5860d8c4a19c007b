"""How long a text is to a reader."""

import unicodedata
from typing import Final

import regex

# Source: Unicode Standard Annex 29, extended grapheme clusters: a letter with its vowel signs and conjuncts, an emoji with its parts.
GRAPHEME: Final = regex.compile(r"\X")

# Source: Netflix, Japanese, Korean and Chinese style guides: a half-width character counts half.
HALF_WIDTHS_COUNT_HALF: Final = frozenset(("ja", "ko", "zh", "yue"))
_WIDE: Final = frozenset(("W", "F", "A"))


def graphemes(text: str) -> list[str]:
    """The characters that a reader sees; none of them may be cut."""
    return GRAPHEME.findall(text)


def measure(text: str, language: str) -> float:
    """How many characters a text has to a reader: grapheme clusters, spaces among them; in East Asian languages half-width ones count half."""
    if language in HALF_WIDTHS_COUNT_HALF:
        if text.isascii():
            return len(text) / 2
        return sum(1.0 if is_wide(each[0]) else 0.5 for each in graphemes(text) if not is_invisible(each))
    if text.isascii():
        return len(text)
    return sum(not is_invisible(each) for each in graphemes(text))


def reading_length(text: str, language: str) -> float:
    """How many characters there are to read: as ``measure``, but a line's end counts as a space, as it takes the eye no less time."""
    return measure(text.replace("\n", " "), language)


def is_invisible(cluster: str) -> bool:
    """Whether it is a mark of direction, a joiner or the like, which takes no room when it stands alone."""
    return len(cluster) == 1 and unicodedata.category(cluster) == "Cf"


def is_wide(character: str) -> bool:
    """Whether a character takes the room of two Latin letters."""
    return unicodedata.east_asian_width(character) in _WIDE
