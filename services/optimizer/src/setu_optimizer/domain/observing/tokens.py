"""What errors are counted in: words, and characters where a script has no spaces between words."""

from typing import Final

from setu_common.spelling.words import folded, folded_words

BY_CHARACTER: Final = frozenset(("ja", "zh", "yue", "th", "lo", "km", "my"))
"""Languages written without spaces."""


def tokens(text: str, language: str) -> list[str]:
    """What of a text is compared: no case, no signs; vowel signs stay, since without them it is another word.

    In Devanagari nukta and the two signs for nasal vowels are spelt either way by good writers, and count as the same.
    """
    if language in BY_CHARACTER:
        return [sign for sign in folded(text) if sign.isalnum()]
    return folded_words(text)
