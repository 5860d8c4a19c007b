"""Answers that are heard while they are written: read event by event, and put together to what they would have been at once.

The SDKs' own streams make an object of each event, which takes five times as long as all else that an answer takes.
"""

import asyncio
import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import structlog

from setu_common.errors import SetuError
from setu_common.http import Failure, Response, classify
from setu_common.llm.provider import Heard
from setu_common.llm.statuses import runs_on, unreached, unreadable
from setu_common.llm.structured import writable

Json = Any  # JSON, in whatever shape the other side sent it
LINGER_S: Final = 0.1
"""How long a stream may take to end after its last event, seconds: by then its connection can be used again, or is given up."""
LONGEST_PAUSE_S: Final = 0.5
"""How long a listener can have nothing read, seconds."""
READING: Final = 0.25
"""Of a pause, the time after it in which nothing is told: what came meanwhile comes piece by piece from the HTTP library, and is read together."""
CHARACTERS_PER_TOKEN: Final = 16
"""More than words have on the average in any script: an answer that is longer than its tokens can be is broken off."""
CHARACTERS_PER_EVENT: Final = 2048  # around a token, with its probability
CHARACTERS_AROUND: Final = 65_536  # around an answer
DONE: Final = "[DONE]"
_EVENTS: Final = "text/event-stream"
_DATA: Final = "data:"
_MARK: Final = "\ufeff"  # of the order of bytes; UTF-8 needs none
_ANY_LINE_END: Final = re.compile(r"[\r\n]")
_LINE_END: Final = re.compile(r"\r\n|\n|\r(?=[^\n])")  # at the end of what came a carriage return may be half of one

log = structlog.get_logger()


class Pieces(ABC):
    """What came of an answer so far.

    Args:
        provider: whose.
        model: which one was asked.
        most_tokens: that it can have, thoughts included.

    Attributes:
        over: whether nothing follows.
    """

    def __init__(self, provider: str, model: str, most_tokens: int) -> None:
        self.provider = provider
        self.model = model
        self.over = False
        self.most_characters = CHARACTERS_AROUND + CHARACTERS_PER_EVENT * most_tokens
        self._most_said = CHARACTERS_PER_TOKEN * most_tokens
        self._said: list[str] = []
        self._half = ""  # of a character; the other half may be in the next piece
        self._characters = 0

    @property
    def text(self) -> str:
        """What was said so far."""
        self._said = ["".join(self._said)]
        return self._said[0]

    @property
    @abstractmethod
    def told(self) -> object:
        """The answer as the SDK would have given it at once; None if its end is missing."""

    @property
    @abstractmethod
    def ended(self) -> bool:
        """Whether it was said how the answer ends."""

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
        """Go on with the text; halves of a character that came apart are put together.

        Raises:
            LlmInvalidOutput: it is longer than it can be.
        """
        if not isinstance(piece, str) or not piece:
            return
        self._characters += len(piece)
        if self._characters > self._most_said:
            raise runs_on(self.provider)
        piece, self._half = self._half + piece, ""
        if "\ud800" <= piece[-1] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        self._said.append(writable(piece))

    def end(self) -> str:
        """The whole text, with what stands for half a character of which nothing more came."""
        return self.text + writable(self._half)


def is_stream(response: Response) -> bool:
    """Whether an answer comes as events; some servers give the whole at once all the same."""
    media_type: str = response.headers.get("Content-Type", "")
    return media_type.partition(";")[0].strip().lower() == _EVENTS


async def follow(response: Response, pieces: Pieces, heard: Heard) -> object:
    """Listen to an answer until its end. What goes wrong once all is said is nobody's loss, and much more is not waited for.

    Args:
        response: a stream of events.
        pieces: nothing yet.
        heard: told of what came, and says how long it need not be told more.

    Returns:
        The answer as it would have been at once; None if it has no end: half an answer is none.

    Raises:
        LlmUnavailable: it is none.
        LlmInvalidOutput: it goes on and on.
        SetuError: what the other side says that went wrong.
    """
    listener: Heard | None = heard
    now = asyncio.get_running_loop().time
    said, deaf_until_s = 0, now()
    try:
        async with asyncio.timeout(None) as patience:
            async for together in _events(response, pieces):
                for data in together:
                    _take(data, pieces)
                if _is_whole(pieces):
                    if patience.when() is None:
                        patience.reschedule(now() + LINGER_S)
                elif listener is not None and now() >= deaf_until_s and len(text := pieces.text) > said:
                    said = len(text)
                    listener, pause_s = _told(listener, text)
                    if pause_s:
                        await asyncio.sleep(pause_s)
                        deaf_until_s = now() + READING * pause_s
    except Exception as error:
        late = isinstance(error, SetuError) or classify(error).failure in (Failure.TIMEOUT, Failure.NETWORK)
        if not (late and _is_whole(pieces)):
            raise
    return pieces.told


def _is_whole(pieces: Pieces) -> bool:
    return pieces.over or (pieces.ended and pieces.billed)


async def _events(response: Response, pieces: Pieces) -> AsyncIterator[list[str]]:
    """The data of events, those together that came together, which the HTTP library's own reader does not tell.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """
    rest, data, characters = list[str](), list[str](), 0
    async for text in response.aiter_text():
        rest.append(text if characters else text.removeprefix(_MARK))
        characters += len(text)
        if characters > pieces.most_characters:
            raise runs_on(pieces.provider)
        if _ANY_LINE_END.search(text) is None:
            continue
        *lines, last = _LINE_END.split("".join(rest))
        rest, together = [last], list[str]()
        for line in lines:
            if line.startswith(_DATA):
                data.append(line[len(_DATA) :].removeprefix(" "))
            elif not line and data:
                together.append("\n".join(data))
                data.clear()
        yield together


def larger(one: Mapping[str, Json], other: Mapping[str, Json]) -> dict[str, Json]:
    """Of what a stream says twice that it used the larger figure each: some end in zeros."""
    both = dict(one)
    for name, told in other.items():
        before = both.get(name)
        if isinstance(before, dict) and isinstance(told, dict):
            both[name] = larger(before, told)
        elif isinstance(before, int | float) and isinstance(told, int | float):
            both[name] = max(before, told)
        elif told is not None:
            both[name] = told
    return both


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
        pause_s: object = heard(text)
        if isinstance(pause_s, int | float) and 0 < pause_s < math.inf:
            return heard, min(pause_s, LONGEST_PAUSE_S)
    except Exception as error:  # noqa: BLE001  a listener's, whoever that is
        log.warning("llm.listener_failed", error=type(error).__name__)
        return None, None
    return heard, None
