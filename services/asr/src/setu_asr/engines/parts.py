"""What a hosted recogniser answered before to the operation at hand, so that another attempt at it pays nothing twice."""

from typing import Protocol


class Parts(Protocol):
    """Keeps answers, each under what it was an answer to. Whoever can't be kept is asked for again; no work fails for it."""

    async def find(self, likeness: str) -> str | None:
        """The answer, as it was kept; None if there is none."""

    async def keep(self, likeness: str, answer: str) -> None:
        """Keep an answer for as long as its operation may be attempted again."""


class NoParts:
    """``Parts`` where there is no operation: nothing is kept."""

    async def find(self, likeness: str) -> str | None:  # noqa: ARG002  see Parts
        """See ``Parts``."""
        return None

    async def keep(self, likeness: str, answer: str) -> None:
        """See ``Parts``."""
