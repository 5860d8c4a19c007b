"""Words of the line that were left as they are in the middle of its translation."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from setu_translate.domain.prompting import Example
from setu_translate.domain.scripts import LATIN, SCRIPTS, is_in_script_of, is_unspaced, letters
from setu_translate.domain.wording import small_words

RUN_WORDS: Final = 3
SMALL_WORDS: Final = 2
# Languages so near to each other that whole stretches are rightly the same in both: what was left can't be told there.
NEAR: Final = tuple(
    frozenset(group.split())
    for group in (
        "ast ca es gl oc pt",
        "da nb nn no sv",
        "bs hr sl sr",
        "cs sk",
        "be ru uk",
        "bg mk",
        "af nl",
        "id jv ms su",
        "bho doi gom hi mag mai mr ne sa",
        "as bn",
        "ar fa ks ps sd ug ur",
        "az tr",
    )
)
_EDGES: Final = ".,;:!?…¿¡\"'()[]«»“”„‘’–—-।"
_ENDS: Final = (".", "!", "?", "…", "।", ":")
_LATIN_STRETCH: Final = re.compile(r"[A-Za-zÀ-ɏ]+(?:[\s'’-]+[A-Za-zÀ-ɏ]+)*")


def has_leftovers(answer: str, line: str, source_language: str, target_language: str, examples: Sequence[Example]) -> bool:
    """Whether a part of the line stands untranslated in its answer; never said of languages that are near to each other.

    Args:
        answer: what is to be the translation.
        line: what it is of.
        source_language: of ``line``.
        target_language: of ``answer``.
        examples: those of the prompt, given terms among them. Words of their translations may stand in the answer.
    """
    if any({source_language, target_language} <= group for group in NEAR):
        return False
    right = {word for example in examples for word in map(_bare, example.target.split())} | small_words(target_language)
    if LATIN[0] not in SCRIPTS.get(target_language, LATIN):
        small = small_words(source_language) - right
        if len(small.intersection(_latin_words(answer))) >= SMALL_WORDS:
            return True
    return not is_unspaced(source_language) and _has_copied_run(answer, line, source_language, right | _names(line))


def _has_copied_run(answer: str, line: str, source_language: str, right: AbstractSet[str]) -> bool:
    """Whether some words in a row are the line's own. So few that are the whole line are none: "Taxi, radio, piano"."""
    said, answered = _words(line), _words(answer)
    if said == answered and len(said) <= RUN_WORDS:
        return False
    for block in SequenceMatcher(None, said, answered, autojunk=False).get_matching_blocks():
        run = {word for word in said[block.a : block.a + block.size] if letters(word) and word not in right}
        if len({word for word in run if is_in_script_of(word, source_language)}) >= RUN_WORDS:
            return True
    return False


def _words(text: str) -> list[str]:
    return [word for word in map(_bare, text.split()) if word]


def _bare(word: str) -> str:
    return word.strip(_EDGES).casefold()


def _names(line: str) -> set[str]:
    """The words of a line that are capitalised within a sentence; none if all of it is in capitals."""
    if line == line.upper():
        return set()
    words = line.split()
    return {
        _bare(word)
        for before, word in pairwise(words)
        if word.strip(_EDGES)[:1].isupper() and not before.rstrip("\"'»”’)").endswith(_ENDS)
    }


def _latin_words(answer: str) -> Iterator[str]:
    """The words in Latin script that are no part of a name (``Lord of the Rings``), no abbreviation (``IT``), and no single letter."""
    for stretch in _LATIN_STRETCH.findall(answer):
        words = re.split(r"[\s'’-]+", stretch)
        if len(words) > 1 and words[0][0].isupper() and words[-1][0].isupper():
            continue
        yield from (word.casefold() for word in words if len(word) > 1 and not word.isupper())
