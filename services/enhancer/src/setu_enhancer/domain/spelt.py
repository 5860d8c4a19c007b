"""Names that are told and that a translation spells otherwise: "Munga" where the cast has Moonga."""

from itertools import pairwise
from typing import Final

from setu_enhancer.domain.glossary import Entry, Provenance
from setu_enhancer.domain.text.names import is_named
from setu_enhancer.domain.text.words import WORD, folded, unaccented, words
from setu_enhancer.domain.words import is_ordinary

TOLD: Final = frozenset[Provenance]({"caller", "tmdb", "learned"})
"""Who knows how a name is spelt, and not only how it sounds."""
_OWNS: Final = ("'s", "’s", "'", "’")


def spelt_otherwise(entry: Entry, text: str) -> tuple[tuple[int, int], ...]:
    """Where a translation has a told name by its sound, and in no spelling that is told; without the ending of a genitive.

    Args:
        entry: the name, of a line.
        text: the line's translation, in a script with capitals.
    """
    if entry.kind != "name" or entry.provenance not in TOLD:
        return ()
    size = len(words(entry.target))
    told = {unaccented(form) for form in (entry.target, *entry.accepted)}
    found = list(WORD.finditer(text))
    spans = []
    for at in range(len(found) - size + 1):
        run = found[at : at + size]
        if any(one.end() + 1 != other.start() for one, other in pairwise(run)):
            continue
        start, end = run[0].start(), run[-1].end()
        ending = next((each for each in _OWNS if text[start:end].endswith(each)), "")
        said = text[start : end - len(ending)]
        if unaccented(said) in told or not said[:1].isupper() or any(is_ordinary(folded(word)) for word in words(said)):
            continue
        if is_named(entry.target, said):
            spans.append((start, end - len(ending)))
    return tuple(spans)
