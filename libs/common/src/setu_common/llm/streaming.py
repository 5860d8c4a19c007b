"""Answers that are heard while they are written: read event by event, and put together to what they would have been at once.

The SDKs' own streams make an object of each event, which takes five times as long as all else that an answer takes.
"""

import asyncio
import json
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import structlog

from setu_common.errors import SetuError
from setu_common.http import EventSource, Failure, Response, ServerSentEvent, classify
from setu_common.llm.provider import Heard
from setu_common.llm.statuses import unreached, unreadable

Json = Any  # JSON, in whatever shape the other side sent it
LINGER_S: Final = 0.1
"""How long a stream may take to end after its last event, seconds: by then its connection can be used again, or is given up."""
DONE: Final = "[DONE]"
_EVENTS: Final = "text/event-stream"
_HALVES: Final = re.compile("[\ud800-\udfff]")

log = structlog.get_logger()


class Pieces(ABC):
    """What came of an answer so far.

    Args:
        provider: whose.
        model: which one was asked.

    Attributes:
        text: what was said so far.
        over: whether nothing follows.
    """

    def __init__(self, provider: str, model: str) -> None:
        self.provider = provider
        self.model = model
        self.text = ""
        self.over = False

    @property
    @abstractmethod
    def told(self) -> object:
        """The answer as the SDK would have given it at once; None if its end is missing."""

    @property
    @abstractmethod
    def billed(self) -> bool:
        """Whether it was said what the whole answer used."""

    @abstractmethod
    def take(self, event: Mapping[str, Json]) -> None:
        """Take one event.

        Raises:
            SetuError: it says that something went wrong.
        """

    def say(self, piece: object) -> None:
        """Go on with the text; halves of a character that came apart are put together."""
        if isinstance(piece, str):
            self.text += piece
            if not piece.isascii() and _HALVES.search(piece):
                self.text = self.text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def is_stream(response: Response) -> bool:
    """Whether an answer comes as events; some servers give the whole at once all the same."""
    media_type: str = response.headers.get("Content-Type", "")
    return media_type.partition(";")[0].strip().lower() == _EVENTS


async def follow(response: Response, pieces: Pieces, heard: Heard) -> object:
    """Listen to an answer until its end.

    Args:
        response: a stream of events.
        pieces: nothing yet.
        heard: told of each piece.

    Returns:
        The answer as it would have been at once; None if it has no end: half an answer is none.

    Raises:
        LlmUnavailable: it is none.
        SetuError: what the other side says that went wrong.
    """
    listener: Heard | None = heard
    events = aiter(EventSource(response))
    async for event in events:
        before = pieces.text
        _take(event, pieces)
        if listener is not None and pieces.text != before:
            listener = _told(listener, pieces.text)
        if pieces.over:
            await _linger(events)
            break
    return pieces.told


@contextmanager
def unbroken(provider: str) -> Iterator[None]:
    """What goes wrong on the wire in the middle of an answer, in errors of ours.

    Raises:
        LlmUnavailable: it broke off.
        AnswerLate: nothing more came for too long.
    """
    try:
        yield
    except SetuError:
        raise
    except Exception as error:
        failure = classify(error).failure
        if failure not in (Failure.TIMEOUT, Failure.NETWORK):
            raise
        raise unreached(error, provider, late=failure is Failure.TIMEOUT) from error


def _take(event: ServerSentEvent, pieces: Pieces) -> None:
    if event.data.startswith(DONE):
        pieces.over = True
        return
    try:
        told = json.loads(event.data) if event.data else {}
    except (ValueError, RecursionError) as error:
        raise unreadable(pieces.provider) from error
    if not isinstance(told, dict):
        raise unreadable(pieces.provider)
    pieces.take(told)


def _told(heard: Heard, text: str) -> Heard | None:
    """Who listens; nobody any more where that failed: an answer is not lost for it."""
    try:
        heard(text)
    except Exception as error:  # noqa: BLE001  a listener's, whoever that is
        log.warning("llm.listener_failed", error=type(error).__name__)
        return None
    return heard


async def _linger(events: AsyncIterator[ServerSentEvent]) -> None:
    """Let a stream end of which all is known."""
    try:
        async with asyncio.timeout(LINGER_S):
            async for _ in events:
                pass
    except Exception as error:
        if classify(error).failure not in (Failure.TIMEOUT, Failure.NETWORK):
            raise
