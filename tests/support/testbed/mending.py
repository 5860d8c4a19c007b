"""Drafts that rules put right, as the service has them do it: by the names that a line's text and its cast tell."""

from collections.abc import Sequence

from setu_common.contracts import Character, Context
from setu_enhancer.domain.glossary import glossary
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.mending import mended
from setu_enhancer.domain.readings import Readings
from testbed.editing import HINDI

Told = tuple[str, str, str | None]
"""Who is told: the name, its spelling in the source, and "male" or "female"."""


def cast_of(told: Sequence[Told]) -> tuple[Character, ...]:
    """People as a caller tells them."""
    return tuple(Character(name=name, source=source, gender=gender) for name, source, gender in told)


def put_right(
    source: str, draft: str, cast: Sequence[Character] = (), *, pair: Pair = HINDI, readings: Readings | None = None
) -> str:
    """What rules make of a draft.

    Args:
        source: what is said.
        draft: its translation.
        cast: whom the caller tells.
        pair: the languages.
        readings: what a model read in the line.
    """
    line = Line(0, 0.0, 4.0, source, draft)
    names = glossary(Context(characters=tuple(cast)), [line], pair, readings=readings)
    return mended(line, names.in_line(source), pair)
