"""Closed classes: the small words of grammar, of which a language has so many and makes no more. Hindi's first, then English's."""

from typing import Final

from setu_enhancer.domain.text.words import folded


def folded_set(listed: str) -> frozenset[str]:
    """The words of a list, folded.

    Args:
        listed: they, with spaces between them.
    """
    return frozenset(map(folded, listed.split()))


GENITIVES: Final = folded_set("का की के")
CASE_MARKERS: Final = GENITIVES | folded_set("को से में पर ने")
POSTPOSITIONS: Final = CASE_MARKERS | folded_set("तक")
DEMONSTRATIVES: Final = folded_set("ये यह वो वह")
"""In the nominative; they are Hindi's he, she, it and they as well."""
PARTICLES: Final = folded_set("तो ही भी")
CLAUSE_OPENERS: Final = folded_set("और तो पर लेकिन मगर कि क्या आज कल अब अभी फिर क्योंकि जब अगर वैसे शायद सुबह शाम हाँ नहीं")
"""What a clause may begin with before its subject: conjunctions, adverbs of time, yes and no."""
ARTICLES: Final = folded_set("the a an")
POSSESSIVES: Final = folded_set("my your his her our their its")
NEGATIVES: Final = folded_set("not never no nobody nothing none neither nor")
