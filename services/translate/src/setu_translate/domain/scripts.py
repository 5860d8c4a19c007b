"""In which script a language is written, and a text is."""

import unicodedata
from typing import Final

LATIN: Final = ("LATIN",)

# The first words of the names that Unicode gives to the letters of each language's script.
SCRIPTS: Final[dict[str, tuple[str, ...]]] = {
    "en": LATIN,
    "es": LATIN,
    "fr": LATIN,
    "hi": ("DEVANAGARI",),
    "it": LATIN,
    "ja": ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "CJK", "IDEOGRAPHIC"),
    "pl": LATIN,
    "pt": LATIN,
    "zh": ("CJK", "IDEOGRAPHIC"),
}
# Scripts that a small model slips into, besides those above. Letters of any other name (ª, º, π) may stand anywhere.
OTHERS: Final = ("CYRILLIC", "ARABIC", "HEBREW", "HANGUL", "THAI", "BENGALI", "GUJARATI", "GURMUKHI", "TAMIL", "TELUGU")
MAJORITY: Final = 0.5
# Languages that put no spaces between words.
UNSPACED: Final = frozenset({"bo", "ja", "km", "lo", "my", "th", "yue", "zh"})


def is_unspaced(language: str) -> bool:
    """Whether a language puts no spaces between its words."""
    return language in UNSPACED


def letters(text: str) -> str:
    """The letters and vowel signs of a text, without anything else."""
    return "".join(character for character in text if unicodedata.category(character)[0] in "LM")


def is_in_script_of(text: str, language: str) -> bool:
    """Whether at least half of a text's letters are of the language's script; so is a text without letters.

    Half, since names and loan words may keep a script of their own. A language that is not known here has any script.
    """
    scripts = SCRIPTS.get(language)
    found = letters(text)
    if scripts is None or not found:
        return True
    own = sum(unicodedata.name(character, "").split(" ")[0] in scripts for character in found)
    return own >= MAJORITY * len(found)


def strays(text: str, *languages: str) -> str:
    """The letters of a text in scripts that none of these languages has. Latin ones never stray: names are written so everywhere."""
    known = {script for language in languages for script in SCRIPTS.get(language, ())}
    alien = ({script for scripts in SCRIPTS.values() for script in scripts} | set(OTHERS)) - known - set(LATIN)
    return "".join(character for character in letters(text) if unicodedata.name(character, "").split(" ")[0] in alien)
