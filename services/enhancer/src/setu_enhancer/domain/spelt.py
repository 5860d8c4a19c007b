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


def spelt_otherwise(entry: Entry, source: str, text: str) -> tuple[tuple[int, int], ...]:
    """Where a translation has a told name by its sound, and in no spelling that is told, without the ending of a genitive.

    That it has the name as well, or two words that sound like it, or the line two, tells that one of them is somebody else: Sara and Sarah.

    Args:
        entry: the name, of a line.
        source: the line.
        text: its translation, in a script with capitals.
    """
    size = len(words(entry.target))
    if entry.kind != "name" or entry.provenance not in TOLD or not size:
        return ()
    if size == 1 and len({folded(word) for word in words(source) if is_named(entry.target, word)}) > 1:
        return ()
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
        if not said[:1].isupper() or any(is_ordinary(folded(word)) for word in words(said)):
            continue
        if unaccented(said) in told:
            return ()
        if is_named(entry.target, said):
            spans.append((start, end - len(ending)))
    alone = len({text[start:end] for start, end in spans}) == 1 and len(spans) <= _times(entry, source, size)
    return tuple(spans) if alone else ()


def _times(entry: Entry, source: str, size: int) -> int:
    """How often a line says a name."""
    heard = words(source)
    return sum(is_named(entry.target, " ".join(heard[at : at + size])) for at in range(len(heard) - size + 1))
