"""What every translation engine offers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Rendering:
    """What an engine made of one line.

    Args:
        text: the translation, or the line itself if nothing usable came.
        confidence: 0..1; None if the engine can't tell.
        usable: False for a line that stays as it was.
    """

    text: str
    confidence: float | None
    usable: bool = True


class Translator(Protocol):
    """Translates lines of dialogue."""

    @property
    def engine(self) -> str:
        """The engine's name, as it is recorded beside each line."""

    @property
    def model(self) -> str:
        """The model's name."""

    def check(self, source_language: str, target_language: str) -> None:
        """Know beforehand what can't be done.

        Raises:
            LanguagePairUnsupported: says what can.
        """

    async def translate(
        self, lines: Sequence[str], source_language: str, target_language: str, on_line: Callable[[], None]
    ) -> list[Rendering]:
        """Translate lines: one rendering for each, in their order.

        Args:
            lines: not one of them empty.
            source_language: of the lines.
            target_language: of the renderings.
            on_line: called for each line that is done, in whatever order that happens.

        Raises:
            LanguagePairUnsupported: see ``check``.
            DependencyUnavailable: what the engine needs does not answer, or not in time.
            LlmRefused: what the engine needs refuses, and will again.
        """
