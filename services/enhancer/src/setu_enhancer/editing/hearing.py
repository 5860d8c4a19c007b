"""Listening to an answer while it is written: each line that is whole in it can be looked at at once."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from setu_enhancer.domain.replies import heard, nearness
from setu_enhancer.domain.windows import Ask

Look = Callable[[int, str], None]
"""Told a text that comes for a line, by the line's index. That is no decision: the answer may say something else in the end."""

MOST_CHARACTERS: Final = 20_000
"""Of an answer that goes on no line is looked at."""
AROUND: Final = 8
"""Characters around a text: its id, quotation marks, a comma."""
LONGEST_PAUSE_S: Final = 0.1
PART: Final = 0.5
"""Of the time that is left, by the pace so far, as long as the last line has not begun: whoever listens must not be the one who is late."""


class Listener:
    """Hears an answer grow.

    Args:
        asks: the lines that were asked for, in their order.
        look: told of each that is whole, once.
        clock: seconds that only grow.
    """

    def __init__(self, asks: Sequence[Ask], look: Look, clock: Callable[[], float] = time.monotonic) -> None:
        self._asked = {ask.line.index: ask.line for ask in asks}
        self._lengths = {index: len(line.draft) + AROUND for index, line in self._asked.items()}
        self._look = look
        self._clock = clock
        self._text = ""
        self._begin(0)

    def __call__(self, text: str) -> float:
        """Hear the whole text so far; of another attempt if it does not go on from what was heard before.

        Returns:
            How long nothing need be heard, seconds.
        """
        if not self._text or not text.startswith(self._text):
            self._begin(len(text))
        grown, self._text = text[len(self._text) :], text
        if '"' in grown and len(text) <= MOST_CHARACTERS:
            self._hear()
        return self._pause_s()

    def _begin(self, characters: int) -> None:
        self._text, self._at = "", 0
        self._left = dict.fromkeys(self._asked)
        self._began_s = self._clock()
        self._began_with = characters

    def _hear(self) -> None:
        entries, self._at = heard(self._text, self._at)
        for entry in entries:
            if entry.id in self._left and entry.text:
                del self._left[entry.id]
                nearness(entry.text, self._asked[entry.id].draft)  # kept for when it is judged whose text it is
                self._look(entry.id, entry.text)

    def _pause_s(self) -> float:
        """A part of what the lines behind the one that is being written will take, if they come as fast, and are as long as their drafts."""
        written = len(self._text) - self._began_with
        later = sum(self._lengths[index] for index in list(self._left)[1:])
        left = min(later, sum(self._lengths.values()) - len(self._text))  # some write in a form in which no line is heard
        if written <= 0 or left <= 0:
            return 0.0
        return min(PART * left * (self._clock() - self._began_s) / written, LONGEST_PAUSE_S)
