"""What a small model is shown of a line: with its names in place, for it copies what it would otherwise translate."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from setu_enhancer.domain.glossary import Entry
from setu_enhancer.domain.lexicon import idioms_in
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.mending import LETTER, mended
from setu_enhancer.domain.text.scripts import foreign_share
from setu_enhancer.domain.words import content, is_akin

MOST_MEANINGS: Final = 2
MOST_STRAY: Final = 1
UNTRANSLATED: Final = 0.3  # share of letters of another script, from which a draft says nothing about what an edit may say


@dataclass(frozen=True)
class Prepared:
    """A line as a small model is shown it.

    Args:
        source: with names and terms as they are to be written.
        draft: with those names that were translated as words, where it is plain which.
        meaning: of its idioms; empty if none is known.
    """

    source: str
    draft: str
    meaning: str = ""


def prepared(line: Line, entries: Sequence[Entry], pair: Pair) -> Prepared:
    """A line made ready. What is known of drafts and idioms is known in English only."""
    source, draft = named_source(line.source, entries), line.draft
    if pair.target != "en":
        return Prepared(source, draft)
    return Prepared(source, mended(line, entries, pair), meaning(line.source, pair.source))


def strays(edit: str, shown: Prepared, pair: Pair) -> bool:
    """Whether a small model's edit says what its draft does not, or leaves out what it says: such models make things up.

    An idiom is not held against the words of its draft, nor is anything that the draft left untranslated.
    """
    if pair.target != "en" or foreign_share(shown.draft, pair.target) > UNTRANSLATED:
        return False
    before, after = content(shown.draft, pair.target), content(edit, pair.target)
    explained = [*before, *content(shown.meaning.partition("=")[2], pair.target)]
    invented = [word for word in after if not any(is_akin(word, each) for each in explained)]
    lost = [word for word in before if not any(is_akin(word, each) for each in after)]
    return len(invented) > MOST_STRAY or (not shown.meaning and len(lost) > MOST_STRAY)


def named_source(source: str, entries: Sequence[Entry]) -> str:
    """A source line in which names and terms stand as the target language writes them."""
    for entry in entries:
        for spelling in sorted(entry.source, key=len, reverse=True):
            whole = re.compile(f"(?<!{LETTER}){re.escape(spelling)}(?!{LETTER})")
            if spelling and whole.search(source):
                source = entry.target.join(whole.split(source))
                break
    return source


def meaning(source: str, language: str) -> str:
    """What the idioms of a line mean in English; empty if none is known."""
    told = []
    for idiom in idioms_in(source, language):
        plain = next((each for each in idiom.meant if "*" not in each), None)
        if plain:
            told.append(f"{idiom.source} = {plain}")
    return "; ".join(told[:MOST_MEANINGS])
