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
from setu_common.http import Failure, Response, classify
from setu_common.llm.provider import Heard
from setu_common.llm.statuses import unreached, unreadable

Json = Any  # JSON, in whatever shape the other side sent it
LINGER_S: Final = 0.1
"""How long a stream may take to end after its last event, seconds: by then its connection can be used again, or is given up."""
DONE: Final = "[DONE]"
_EVENTS: Final = "text/event-stream"
_DATA: Final = "data:"
_LINE_END: Final = re.compile(r"\r\n|\n|\r(?=[^\n])")  # at the end of what came a carriage return may be half of one
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
        heard: told of what came, and says how long it need not be told more.

    Returns:
        The answer as it would have been at once; None if it has no end: half an answer is none.

    Raises:
        LlmUnavailable: it is none.
        SetuError: what the other side says that went wrong.
    """
    listener: Heard | None = heard
    events = _events(response)
    async for together in events:
        before = pieces.text
        for data in together:
            _take(data, pieces)
        if pieces.over:
            await _linger(events)
            break
        if listener is not None and pieces.text != before:
            listener, pause_s = _told(listener, pieces.text)
            if pause_s:
                await asyncio.sleep(pause_s)
    return pieces.told


async def _events(response: Response) -> AsyncIterator[list[str]]:
    """The data of events, those together that came together, which the HTTP library's own reader does not tell.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """
    rest, data = "", list[str]()
    async for text in response.aiter_text():
        together: list[str] = []
        *lines, rest = _LINE_END.split(rest + text)
        for line in lines:
            if line.startswith(_DATA):
                data.append(line[len(_DATA) :].removeprefix(" "))
            elif not line and data:
                together.append("\n".join(data))
                data.clear()
        yield together


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


def _take(data: str, pieces: Pieces) -> None:
    if pieces.over or data.startswith(DONE):
        pieces.over = True
        return
    try:
        told = json.loads(data) if data else {}
    except (ValueError, RecursionError) as error:
        raise unreadable(pieces.provider) from error
    if not isinstance(told, dict):
        raise unreadable(pieces.provider)
    pieces.take(told)


def _told(heard: Heard, text: str) -> tuple[Heard | None, float | None]:
    """Who listens on, and after which pause; nobody any more where that failed: an answer is not lost for it."""
    try:
        return heard, heard(text)
    except Exception as error:  # noqa: BLE001  a listener's, whoever that is
        log.warning("llm.listener_failed", error=type(error).__name__)
        return None, None


async def _linger(events: AsyncIterator[list[str]]) -> None:
    """Let a stream end of which all is known."""
    try:
        async with asyncio.timeout(LINGER_S):
            async for _ in events:
                pass
    except Exception as error:
        if classify(error).failure not in (Failure.TIMEOUT, Failure.NETWORK):
            raise
