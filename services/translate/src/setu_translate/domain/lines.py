"""What an engine is given to translate."""

from dataclasses import dataclass

from setu_common.contracts import Term


@dataclass(frozen=True)
class Line:
    """A line of dialogue, or a sentence that was said over several.

    Args:
        text: not empty.
        terms: those of the caller's whose source occurs in it.
        before: what was said just before, oldest first; engines that can't use it leave it alone.
    """

    text: str
    terms: tuple[Term, ...] = ()
    before: tuple[str, ...] = ()
