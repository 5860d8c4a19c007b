"""How a source is asked for a model's files."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from setu_common.models.entries import Model, Source

OnBytes = Callable[[int], None]  # how many bytes of the model have come so far


class SourceFailed(Exception):
    """A source could not give the files; the next one is asked.

    Args:
        reason: why, in a few words that may be shown to anyone.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Fetch(Protocol):
    """Lays a model's files from a source into a folder that is the caller's alone."""

    def __call__(self, source: Source, model: Model, into: Path, on_bytes: OnBytes) -> None:
        """Lay each file at ``into / file.name``. Contents are verified afterwards, by the caller.

        Raises:
            SourceFailed: it can't be had here and now.
            OSError: the disk is full or can't be written.
        """
        ...
