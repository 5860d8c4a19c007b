"""What every translation engine offers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

from setu_translate.domain.lines import Line

P = ParamSpec("P")
T = TypeVar("T")


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


class Errand(Protocol):
    """What an engine sees of the work that it does lines for."""

    @property
    def cancelled(self) -> bool:
        """True once the work should stop; for threads to look at between batches."""

    def done(self, place: int, rendering: Rendering) -> None:
        """Say that the line at ``place`` is done; in whatever order that happens."""

    def loaded(self, took_s: float) -> None:
        """Say how long it took to have a model of this machine in memory, seconds; 0 where it was there."""

    def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        """Run blocking code off the event loop."""


class Translator(Protocol):
    """Translates lines of dialogue."""

    @property
    def engine(self) -> str:
        """The engine's name, as it is recorded beside each line."""

    def model(self, source_language: str, target_language: str) -> str:
        """The name of the model that translates between these languages."""

    def check(self, source_language: str, target_language: str) -> None:
        """Know beforehand what can't be done. Quick.

        Raises:
            LanguagePairUnsupported: says what can.
            EngineMissing, ModelMissing: something must be installed first; says what.
        """

    async def translate(
        self, lines: Sequence[Line], source_language: str, target_language: str, errand: Errand
    ) -> list[Rendering]:
        """Translate lines: one rendering for each, in their order.

        Args:
            lines: with letters in each.
            source_language: of the lines.
            target_language: of the renderings.
            errand: is told of each line that is done.

        Raises:
            LanguagePairUnsupported, EngineMissing, ModelMissing: see ``check``.
            DependencyUnavailable: what the engine needs does not answer, or not in time.
            LlmRefused: what the engine needs refuses, and will again.
        """
