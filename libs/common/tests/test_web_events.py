"""Event streams: the current snapshot first, and an end for everyone who must not wait any longer."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response, StreamingResponse

from setu_common.contracts import Contract
from setu_common.errors import DependencyUnavailable, NotFound
from setu_common.web import EVENT_STREAM, EdgeTrust, create_app, events


class Progress(Contract):
    done: int
    note: str = ""


class Source:
    """Snapshots that a test hands out one by one; notes whether it was closed."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[int, Progress] | Exception | None] = asyncio.Queue()
        self.closed = asyncio.Event()

    def put(self, *items: tuple[int, Progress] | Exception | None) -> None:
        for item in items:
            self.queue.put_nowait(item)

    async def snapshots(self) -> AsyncIterator[tuple[int, Progress]]:
        try:
            while (item := await self.queue.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.closed.set()


class Stream:
    """A caller that reads a stream as it comes and may hang up."""

    def __init__(self, app: FastAPI) -> None:
        self.started: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._asked = False
        self.task = asyncio.create_task(app(self._scope(), self._receive, self._send))

    def hang_up(self) -> None:
        self._gone.set()

    async def chunk(self) -> str | None:
        async with asyncio.timeout(5):
            chunk = await self._chunks.get()
        return None if chunk is None else chunk.decode()

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.started.put_nowait(message)
        elif message["body"]:
            self._chunks.put_nowait(message["body"])
        if not message.get("more_body", True):
            self._chunks.put_nowait(None)

    @staticmethod
    def _scope() -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/events",
            "raw_path": b"/events",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
        }


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def app(source: Source) -> FastAPI:
    router = APIRouter()

    @router.get("/events", response_class=StreamingResponse, responses=EVENT_STREAM)
    async def follow() -> Response:
        return await events(source.snapshots(), keep_alive_s=0.1)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    return create_app(service="demo", version="1", lifespan=lifespan, routers=[router], trust=EdgeTrust(), checks={})


def event_of(chunk: str | None) -> dict[str, str]:
    assert chunk is not None
    assert chunk.endswith("\n\n")
    return dict(line.split(": ", 1) for line in chunk.strip().split("\n"))


async def test_a_stream_is_events_with_the_version_as_id_and_ends_with_its_source(app: FastAPI, source: Source) -> None:
    source.put((3, Progress(done=1, note="first\nline")), (4, Progress(done=2)), None)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client:
        response = await client.get("/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-cache"
    first, second = [event_of(f"{block}\n\n") for block in response.text.strip().split("\n\n")]
    assert (first["id"], json.loads(first["data"])) == ("3", {"done": 1, "note": "first\nline"})
    assert (second["id"], json.loads(second["data"])["done"]) == ("4", 2)
    assert source.closed.is_set()


async def test_an_event_is_sent_as_soon_as_it_is_there(app: FastAPI, source: Source) -> None:
    stream = Stream(app)
    source.put((1, Progress(done=1)))
    assert event_of(await stream.chunk())["id"] == "1"
    source.put((2, Progress(done=2)))
    while (chunk := await stream.chunk()) == ": ping\n\n":
        pass
    assert event_of(chunk)["id"] == "2"
    stream.hang_up()
    await stream.task


async def test_what_is_not_there_is_a_plain_problem(app: FastAPI, source: Source) -> None:
    source.put(NotFound("There is no such job."))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client:
        response = await client.get("/events")
    assert (response.status_code, response.json()["code"]) == (404, "not-found")
    assert response.headers["content-type"] == "application/problem+json"
    assert source.closed.is_set()


async def test_a_later_error_ends_the_stream_with_a_problem_event(app: FastAPI, source: Source) -> None:
    source.put((1, Progress(done=1)), DependencyUnavailable("The database does not answer. Try again.", retry_after_s=2))
    stream = Stream(app)
    await stream.chunk()
    event = event_of(await stream.chunk())
    assert (event["event"], json.loads(event["data"])["code"]) == ("problem", "dependency-unavailable")
    assert await stream.chunk() is None
    await stream.task
    assert source.closed.is_set()


async def test_a_quiet_stream_is_kept_alive(app: FastAPI, source: Source) -> None:
    source.put((1, Progress(done=1)))
    stream = Stream(app)
    await stream.chunk()
    assert [await stream.chunk() for _ in range(3)] == [": ping\n\n"] * 3
    stream.hang_up()
    await stream.task


async def test_a_caller_who_leaves_ends_the_source(app: FastAPI, source: Source) -> None:
    source.put((1, Progress(done=1)))
    stream = Stream(app)
    await stream.chunk()
    stream.hang_up()
    async with asyncio.timeout(5):
        await source.closed.wait()
        await stream.task


async def test_a_shutdown_ends_the_stream_cleanly(app: FastAPI, source: Source) -> None:
    source.put((1, Progress(done=1)))
    stream = Stream(app)
    await stream.chunk()
    app.state.closing.set()
    while (chunk := await stream.chunk()) is not None:
        assert chunk == ": ping\n\n"
    await stream.task
    assert source.closed.is_set()


async def test_a_cancelled_stream_closes_its_source(app: FastAPI, source: Source) -> None:
    source.put((1, Progress(done=1)))
    stream = Stream(app)
    await stream.chunk()
    stream.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stream.task
    assert source.closed.is_set()
