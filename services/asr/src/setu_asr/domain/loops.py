"""Words that come again and again, one round after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from setu_asr.domain.boilerplate import normal
from setu_asr.domain.heard import HeardWord

LONGEST: Final = 16  # words of one round
FEWEST: Final = 3  # rounds; what is said twice is no loop


@dataclass(frozen=True)
class Loop:
    """Rounds of the same words.

    Args:
        start: the index of its first word.
        length: words of one round.
        rounds: how often they come, the first time counted.
    """

    start: int
    length: int
    rounds: int

    @property
    def end(self) -> int:
        """The index after its last whole round."""
        return self.start + self.length * self.rounds


def loops(words: Sequence[HeardWord]) -> list[Loop]:
    """Find them, the shortest round that explains a place first.

    Args:
        words: in order.

    Returns:
        Loops in order, not overlapping, each of three rounds and more.
    """
    plain = [normal(word.text) for word in words]
    found: list[Loop] = []
    at = 0
    while at < len(plain):
        best = max(
            (_loop(plain, at, length) for length in range(1, LONGEST + 1)), key=lambda loop: loop.length * (loop.rounds - 1)
        )
        if best.rounds >= FEWEST and any(plain[best.start : best.start + best.length]):
            found.append(best)
            at = best.end
        else:
            at += 1
    return found


def _loop(plain: Sequence[str], start: int, length: int) -> Loop:
    once = plain[start : start + length]
    rounds = 1
    while len(once) == length and plain[start + rounds * length : start + (rounds + 1) * length] == once:
        rounds += 1
    return Loop(start, length, rounds)
