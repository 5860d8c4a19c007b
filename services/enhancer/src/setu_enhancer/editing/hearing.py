"""Listening to an answer while it is written: each line that is whole in it can be looked at at once."""

from collections.abc import Callable, Collection
from typing import Final

from setu_enhancer.domain.replies import heard

Look = Callable[[int, str], None]
"""Told a text that comes for a line, by the line's index. That is no decision: the answer may say something else in the end."""

MOST_CHARACTERS: Final = 20_000
"""Of an answer that goes on no line is looked at."""


class Listener:
    """Hears an answer grow.

    Args:
        indices: the lines that were asked for.
        look: told of each that is whole, once.
    """

    def __init__(self, indices: Collection[int], look: Look) -> None:
        self._left = set(indices)
        self._all = frozenset(indices)
        self._look = look
        self._text = ""
        self._at = 0

    def __call__(self, text: str) -> None:
        """Hear the whole text so far; of another attempt if it does not go on from what was heard before."""
        if not text.startswith(self._text):
            self._text, self._at, self._left = "", 0, set(self._all)
        grown, self._text = text[len(self._text) :], text
        if '"' not in grown or len(text) > MOST_CHARACTERS:
            return
        entries, self._at = heard(text, self._at)
        for entry in entries:
            if entry.id in self._left and entry.text:
                self._left.remove(entry.id)
                self._look(entry.id, entry.text)
