"""How much a reader of English is surprised, by counts of which words follow each other on the web.

The counts are a data file of the package symspellpy (MIT licence): the 242,000 most frequent pairs, of Peter Norvig's and Google's counts. It is
read by its path; none of the package's code is run. Contractions are counted taken apart.
"""

import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Final

from setu_enhancer.domain.words import expanded

PACKAGE: Final = "symspellpy"
FILE: Final = "frequency_bigramdictionary_en_243_342.txt"
RARE: Final = 3e6  # occurrences; the rarest pair of the file has 6.4 million
UNSEEN: Final = 0.2
"""What is left of a word's own frequency where it was never counted behind another."""
LOWEST: Final = -4.0
_A_NUMBER: Final = "two"  # which stands for all that are in digits
SHORT_PAIRS: Final = 3
"""Pairs that everybody expects, which each text is given beside its own: few words surprise less than many."""


@dataclass(frozen=True)
class _Counts:
    pairs: dict[str, int]
    first: Counter[str]
    second: Counter[str]
    total: int


@lru_cache(maxsize=1)
def _counts() -> _Counts:
    """The counts. A quarter of a second, and 35 MB, once a process."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed: it has the counts of English word pairs")
    pairs: dict[str, int] = {}
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    for line in (Path(found.origin).parent / FILE).read_text(encoding="utf-8-sig").splitlines():
        before, after, told = line.split(" ")
        count = int(told)
        pairs[f"{before} {after}"] = count
        first[before] += count
        second[after] += count
    return _Counts(pairs, first, second, first.total())


@lru_cache(maxsize=8192)
def surprise(text: str) -> float:
    """By how many powers of ten the words of a text are less expected than certain, a pair: 0 for a single word, 4 at most.

    Names, numbers, and words that were never counted are passed over: that a word is rare is told elsewhere.
    """
    counts = _counts()
    said = [_A_NUMBER if word.isdigit() else word for word in expanded(text)]
    known = [log for first, second in pairwise(said) if (log := _log(first, second, counts)) is not None]
    return -math.fsum(known) / (len(known) + SHORT_PAIRS)


def _log(first: str, second: str, counts: _Counts) -> float | None:
    """How probable a word is after another; None where one of them was never counted."""
    together = counts.pairs.get(f"{first} {second}")
    if together is not None:
        return max(LOWEST, math.log10(together / (counts.first[first] + 10 * RARE)))
    if (first in counts.first or first in counts.second) and (second in counts.second or second in counts.first):
        return max(LOWEST, math.log10(UNSEEN * max(RARE, counts.second.get(second, 0)) / counts.total))
    return None
