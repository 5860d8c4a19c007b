"""Server-sent events: each is the current snapshot, its id the version, so who comes back needs no history."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from setu_common.errors import SetuError

log = structlog.get_logger(__name__)

Snapshots = AsyncIterator[tuple[int, BaseModel]]
KEEP_ALIVE_S: Final = 15.0

_EVENT: Final[dict[str, Any]] = {  # Any: OpenAPI's own shape
    "type": "object",
    "properties": {
        "data": {"type": "string", "contentMediaType": "application/json"},
        "event": {"type": "string"},
        "id": {"type": "string"},
    },
    "required": ["data"],
}
EVENT_STREAM: Final[dict[int | str, dict[str, Any]]] = {  # Any: OpenAPI's own shape
    200: {
        "description": "Snapshots, one event each; the event's id is the snapshot's version",
        "content": {"text/event-stream": {"itemSchema": _EVENT}},
    }
}


async def events(snapshots: Snapshots, *, keep_alive_s: float = KEEP_ALIVE_S) -> EventSourceResponse:
    """Answer with a stream of snapshots.

    The first snapshot is awaited here, so that an error it raises (such as NotFound) is still a plain problem. Later
    ones end the stream with an event named ``problem``. The stream also ends when the process shuts down or the caller leaves;
    the iterator is closed in any case.

    A route that returns this declares ``response_class=StreamingResponse, responses=EVENT_STREAM``.

    Args:
        snapshots: pairs of version and snapshot.
        keep_alive_s: a comment is sent when there is nothing else to send for so long.
    """
    try:
        first = await anext(snapshots, None)
    except BaseException:
        await _closed(snapshots)
        raise
    return _SnapshotStream(first, snapshots, keep_alive_s)


class _SnapshotStream(EventSourceResponse):
    def __init__(self, first: tuple[int, BaseModel] | None, snapshots: Snapshots, keep_alive_s: float) -> None:
        super().__init__(content=(), headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._first = first
        self._snapshots = snapshots
        self._keep_alive_s = keep_alive_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stops = [asyncio.ensure_future(scope["app"].state.closing.wait()), asyncio.ensure_future(_left(receive))]
        try:
            await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": self.raw_headers})
            if self._first is not None:
                await send(_body(_event(*self._first)))
                await self._relay(stops, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            for stop in stops:
                stop.cancel()
            await _closed(self._snapshots)

    async def _relay(self, stops: list[asyncio.Future[Any]], send: Send) -> None:
        following: asyncio.Future[tuple[int, BaseModel] | None] = asyncio.ensure_future(_next(self._snapshots))
        try:
            while True:
                done, _ = await asyncio.wait(
                    {following, *stops}, timeout=self._keep_alive_s, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    await send(_body(KEEPALIVE_COMMENT))
                elif following not in done:
                    return
                else:
                    snapshot = following.result()
                    if snapshot is None:
                        return
                    await send(_body(_event(*snapshot)))
                    following = asyncio.ensure_future(_next(self._snapshots))
        except SetuError as error:
            log.warning("events.failed", code=error.code, exc_info=error)
            await send(_body(format_sse_event(event="problem", data_str=error.problem().model_dump_json(exclude_none=True))))
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait({following})


async def _next(snapshots: Snapshots) -> tuple[int, BaseModel] | None:
    return await anext(snapshots, None)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _closed(snapshots: Snapshots) -> None:
    close = getattr(snapshots, "aclose", None)
    if close is not None:
        await close()


def _event(version: int, snapshot: BaseModel) -> bytes:
    return format_sse_event(id=str(version), data_str=snapshot.model_dump_json())


def _body(chunk: bytes) -> dict[str, Any]:  # Any: ASGI's own typing
    return {"type": "http.response.body", "body": chunk, "more_body": True}
