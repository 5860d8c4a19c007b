"""What requests used, told to whoever had them made: an answer tells it itself, but an error does not, and is billed all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from setu_common.cost import Usage


@dataclass(frozen=True)
class Spent:
    """What one request used.

    Args:
        provider: who was asked, by name.
        model: which model was asked for.
        usage: None if nobody knows, since the answer broke off, did not come in time, or does not tell.
    """

    provider: str
    model: str
    usage: Usage | None


_TOLD: Final[ContextVar[tuple[list[Spent], ...]]] = ContextVar("setu_llm_spending", default=())


@contextmanager
def spending() -> Iterator[list[Spent]]:
    """Collect what the requests of a block use, and of the blocks and tasks that begin in it; not those that were surely not billed."""
    spent: list[Spent] = []
    token = _TOLD.set((*_TOLD.get(), spent))
    try:
        yield spent
    finally:
        _TOLD.reset(token)


def spend(spent: Spent) -> None:
    """Tell what a request used, however it ended."""
    for told in _TOLD.get():
        told.append(spent)
