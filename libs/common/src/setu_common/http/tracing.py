"""The trace that a call is part of, handed on as it came (W3C Trace Context, level 1, 3.2 and 3.3)."""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"

_PARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_MOST_STATE_CHARS: Final = 512


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace's headers.

    Args:
        parent: ``traceparent``.
        state: ``tracestate``, if there was one.
    """

    parent: str
    state: str | None = None

    @property
    def trace_id(self) -> str:
        """What log lines of all processes have in common."""
        return self.parent[3:35]


TRACE: ContextVar[Trace | None] = ContextVar("setu_trace", default=None)


def parse_trace(parent: str, state: str | None) -> Trace | None:
    """A trace by its headers; None if they are no trace."""
    if not _PARENT.fullmatch(parent):
        return None
    return Trace(parent, state if state and len(state) <= _MOST_STATE_CHARS and state.isprintable() else None)
