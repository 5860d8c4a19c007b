"""In which script a language is written, and a text is."""

import unicodedata
from typing import Final

from setu_translate.domain.flores import FLORES

LATIN: Final = ("LATIN",)
HAN: Final = ("CJK", "IDEOGRAPHIC")
# The first words of the names that Unicode gives to the letters of each script, by the script's code in ISO 15924.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "Arab": ("ARABIC",),
    "Armn": ("ARMENIAN",),
    "Beng": ("BENGALI",),
    "Cyrl": ("CYRILLIC",),
    "Deva": ("DEVANAGARI",),
    "Ethi": ("ETHIOPIC",),
    "Geor": ("GEORGIAN",),
    "Grek": ("GREEK",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Hang": ("HANGUL", *HAN),
    "Hans": HAN,
    "Hant": HAN,
    "Hebr": ("HEBREW",),
    "Jpan": ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", *HAN),
    "Khmr": ("KHMER",),
    "Knda": ("KANNADA",),
    "Laoo": ("LAO",),
    "Latn": LATIN,
    "Mlym": ("MALAYALAM",),
    "Mymr": ("MYANMAR",),
    "Sinh": ("SINHALA",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Thai": ("THAI",),
    "Tibt": ("TIBETAN",),
}
# Languages that are written in a second script as well.
SECOND: Final[dict[str, tuple[str, ...]]] = {"sr": LATIN, "uz": NAMES["Cyrl"], "sd": NAMES["Deva"], "pa": NAMES["Arab"]}
SCRIPTS: Final[dict[str, tuple[str, ...]]] = {
    language: NAMES[code.partition("_")[2]] + SECOND.get(language, ()) for language, code in FLORES.items()
}
# Scripts that models slip into. Not Greek: its letters stand in formulas, like ª and º, and may stand anywhere.
SLIPPED_INTO: Final = frozenset(name for code, names in NAMES.items() if code != "Grek" for name in names) - set(LATIN)
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
    alien = SLIPPED_INTO - known
    return "".join(character for character in letters(text) if unicodedata.name(character, "").split(" ")[0] in alien)
