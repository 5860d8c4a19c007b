"""Terms: words of one language that are to be certain words of the other. Found in whatever form a sentence needs them in.

A word of a text is a form of a term's word if they are the same but for case, accents and an ending: words of up to four letters
may only grow one, longer ones may also change a last vowel or vowel sign (Warszawa, Warszawie). That takes in the endings of
most languages that have cases, and keeps names that only begin alike (Marie, Marine) apart. Languages that write no spaces have no
endings either; there a term is found anywhere.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from setu_common.contracts import Term
from setu_translate.domain.scripts import is_unspaced

WORD: Final = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f\u0900-\u0dff\u200c\u200d])*")
MARKS: Final = "M"
LATIN_LIKE_MARKS: Final = range(0x0300, 0x0370)  # accents; marks of other scripts are vowels, and make the word
VOWELS: Final = frozenset("aeiouyаеёиоуыэюяіїєαεηιουω")
ALIKE_FROM_START: Final = 2  # characters that no ending changes
SHORT_WORD: Final = 4
LONGEST_ENDING: Final = 4
LONGEST_PREFIX: Final = 3
PREFIXING: Final = frozenset({"ar", "he", "fa", "ur"})  # articles and prepositions are written together with the word


@dataclass(frozen=True)
class _Word:
    start: int
    end: int
    folded: str


def occurring(terms: Sequence[Term], text: str, language: str) -> tuple[Term, ...]:
    """The terms whose source occurs in a text of ``language``, in their order."""
    return tuple(term for term in terms if _spans(term.source, text, language))


def missed(terms: Sequence[Term], translation: str, language: str) -> tuple[str, ...]:
    """The sources of those terms whose target does not occur in a translation into ``language``."""
    return tuple(term.source for term in terms if not _spans(term.target, translation, language))


def with_targets(text: str, terms: Sequence[Term], language: str) -> str:
    """A text of ``language`` in which terms stand as they are to be in the translation; what models then copy."""
    for term in sorted(terms, key=lambda term: len(term.source), reverse=True):
        for start, end in reversed(_spans(term.source, text, language)):
            text = f"{text[:start]}{term.target}{text[end:]}"
    return text


def _spans(phrase: str, text: str, language: str) -> list[tuple[int, int]]:
    """Where a phrase stands in a text."""
    if is_unspaced(language):
        return _spans_anywhere(phrase, text)
    wanted = [word.folded for word in _words(phrase)]
    if not wanted:
        return _spans_anywhere(phrase, text)
    if wanted[0][:ALIKE_FROM_START] not in _folded(text):  # most terms occur in few lines
        return []
    words = _words(text)
    spans: list[tuple[int, int]] = []
    at = 0
    while at + len(wanted) <= len(words):
        found = words[at : at + len(wanted)]
        if all(_is_form(word.folded, each, language) for word, each in zip(found, wanted, strict=True)):
            spans.append((found[0].start, found[-1].end))
            at += len(wanted)
        else:
            at += 1
    return spans


def _spans_anywhere(phrase: str, text: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(re.escape(phrase), text, re.IGNORECASE)]


@lru_cache(maxsize=8192)
def _words(text: str) -> tuple[_Word, ...]:
    return tuple(_Word(found.start(), found.end(), _folded(found.group())) for found in WORD.finditer(text))


@lru_cache(maxsize=8192)
def _folded(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(each for each in decomposed if ord(each) not in LATIN_LIKE_MARKS)


def _is_form(word: str, term: str, language: str) -> bool:
    if word == term:
        return True
    if language in PREFIXING and len(term) > 1 and word.endswith(term) and len(word) - len(term) <= LONGEST_PREFIX:
        return True
    if word.startswith(term):
        return len(term) > 1 and len(word) - len(term) <= LONGEST_ENDING
    stem, last = term[:-1], term[-1]
    if len(term) <= SHORT_WORD or not word.startswith(stem) or not _is_vowel(last):
        return False
    ending = word[len(stem) :]
    return len(ending) <= LONGEST_ENDING and (not ending or _is_vowel(ending[0]))


def _is_vowel(character: str) -> bool:
    return character in VOWELS or unicodedata.category(character)[0] == MARKS
