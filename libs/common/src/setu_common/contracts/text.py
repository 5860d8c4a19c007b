"""Text as subtitles can have it."""

from typing import Final

from pydantic import AfterValidator


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("Leave out the character U+0000: no subtitle can have it.")
    return text


WITHOUT_NUL: Final = AfterValidator(_without_nul)
"""Of a text that must not have U+0000, which neither databases nor players take; behind its lengths, which schemas would else not tell."""
