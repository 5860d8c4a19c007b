"""What a recogniser is told beside the sound."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Hints:
    """What helps a recogniser on.

    Args:
        prompt: text that could have been said just before; it sets spelling, script and names. Empty: none.
        temperature: 0..1; above 0 words are drawn at random, by their probability. None: 0, and the engine's own way up from there.
    """

    prompt: str = ""
    temperature: float | None = None


NO_HINTS: Final = Hints()
