"""What a small model is shown of a line: with its names in place, for it copies what it would otherwise translate."""

import re
from collections.abc import Sequence
from typing import Final

from setu_enhancer.domain.given import GIVEN
from setu_enhancer.domain.glossary import Entry, says
from setu_enhancer.domain.lexicon import idioms_in
from setu_enhancer.domain.text.words import folded

LETTER: Final = r"[\w\u0300-\u036f\u0900-\u0d7f]"  # Indic vowel signs are no word characters to Python
MOST_MEANINGS: Final = 2


def named_source(source: str, entries: Sequence[Entry]) -> str:
    """A source line in which names and terms stand as the target language writes them."""
    for entry in entries:
        for spelling in sorted(entry.source, key=len, reverse=True):
            whole = re.compile(f"(?<!{LETTER}){re.escape(spelling)}(?!{LETTER})")
            if spelling and whole.search(source):
                source = entry.target.join(whole.split(source))
                break
    return source


def named_draft(draft: str, entries: Sequence[Entry]) -> str:
    """An English draft in which names that were translated as words stand again, where it is plain which word was one.

    "The king's mother" is "Raj's mother": a word that the name means, alone in the draft.
    """
    for entry in entries:
        if says(entry, draft):
            continue
        meanings = {
            meaning for spelling in entry.source if (given := GIVEN.get(folded(spelling))) for meaning in given.meanings
        }
        if not meanings:
            continue
        as_word = re.compile(rf"(?i)\b(?:(?:the|a|an)\s+)?(?:{'|'.join(map(re.escape, sorted(meanings)))})\b")
        found = list(as_word.finditer(draft))
        if len(found) == 1:
            draft = draft[: found[0].start()] + entry.target + draft[found[0].end() :]
    return draft


def meaning(source: str, language: str) -> str:
    """What the idioms of a line mean in English; empty if none is known."""
    told = []
    for idiom in idioms_in(source, language):
        plain = next((each for each in idiom.meant if "*" not in each), None)
        if plain:
            told.append(f"{idiom.source} = {plain}")
    return "; ".join(told[:MOST_MEANINGS])
