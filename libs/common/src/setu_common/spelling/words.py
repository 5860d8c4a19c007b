"""The words and clauses of a text, in a form in which two spellings of the same word are equal."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

# A word may have combining marks, which for regular expressions are no letters, and apostrophes inside: don't, l'heure.
# The danda (U+0964, U+0965) ends a sentence and is no part of a word.
_MARKS: Final = "\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u200c\u200d"
WORD: Final = re.compile(rf"[^\W_{_MARKS}](?:[^\W_]|[{_MARKS}])*(?:['’](?:[^\W_]|[{_MARKS}])+)*|[\u0900-\u0963\u0966-\u0dff]+")
SENTENCE_END: Final = re.compile(r"[.!?।॥…;:\n]+")
_LATIN_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_NUKTA: Final = "\u093c"
_JOINERS: Final = str.maketrans("", "", "\u200b\u200c\u200d\ufeff")
# न् म् ङ् ञ् ण् before a consonant of their row are often written as anusvara: हिन्दी, हिंदी.
_HALF_NASAL: Final = re.compile("[\u0919\u091e\u0923\u0928\u092e]\u094d(?=[\u0915-\u092d])")


def words(text: str) -> list[str]:
    """The words of a text, as they stand there; a sign that folds to nothing, such as a nukta that has lost its letter, is none."""
    return list(_words(text))


@lru_cache(maxsize=8192)
def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in WORD.findall(unicodedata.normalize("NFC", text)) if folded(word))


@lru_cache(maxsize=65_536)
def folded(text: str) -> str:
    """A text whose spelling matters no more: small letters; in Devanagari without nukta, and with one sign for all nasals."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFC", text).casefold().translate(_JOINERS).replace("’", "'")
    if "\u0900" <= max(plain, default=" ") <= "\u097f":
        plain = unicodedata.normalize("NFD", plain).replace(_NUKTA, "").replace("\u0901", "\u0902")
        plain = _HALF_NASAL.sub("\u0902", unicodedata.normalize("NFC", plain))
    return plain


@lru_cache(maxsize=65_536)
def unaccented(text: str) -> str:
    """A folded text without accents on Latin letters."""
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFC", _LATIN_ACCENTS.sub("", unicodedata.normalize("NFKD", folded(text))))


def folded_words(text: str) -> list[str]:
    """The words of a text, folded."""
    return [folded(word) for word in words(text)]
