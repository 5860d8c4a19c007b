"""Taking down what is written, for those who must take it back if it turns out to be unwanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_NOTED: ContextVar[list[str] | None] = ContextVar("setu_objects_noted", default=None)


@contextmanager
def noted() -> Iterator[list[str]]:
    """Take down the uri of every object whose writing begins within, in tasks and threads too, finished or not."""
    uris: list[str] = []
    token = _NOTED.set(uris)
    try:
        yield uris
    finally:
        _NOTED.reset(token)


@contextmanager
def unnoted() -> Iterator[None]:
    """Take nothing down within: what is written there lives by another row than the one at hand."""
    token = _NOTED.set(None)
    try:
        yield
    finally:
        _NOTED.reset(token)


def note(uri: str) -> None:
    """Say that an object is about to be there."""
    uris = _NOTED.get()
    if uris is not None:
        uris.append(uri)
