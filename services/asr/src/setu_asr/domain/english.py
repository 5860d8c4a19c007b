"""Whether a text can be English at all."""

import unicodedata
from typing import Final

MAJORITY: Final = 0.5


def is_english_text(text: str) -> bool:
    """Whether at least half of its letters are Latin, as names may keep a script of their own; figures alone are English too."""
    letters = [character for character in text if character.isalpha()]
    latin = sum(unicodedata.name(character, "").startswith("LATIN") for character in letters)
    return latin >= MAJORITY * len(letters) and any(character.isalnum() for character in text)
