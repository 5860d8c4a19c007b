"""Fetching recordings from URLs: over a real wire on loopback, which an operator's setting allows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from setu_common.errors import is_retryable
from setu_common.http import Guard, OutsideClient, OutsidePolicy
from setu_common.testing import loopback
from setu_common.testing.outside import RecordingResolver
from setu_gateway import errors
from setu_gateway.intake.fetching import Fetcher
from setu_gateway.pipeline.kinds import Fetched, FetchRequest
from setu_gateway.settings import OutsideSettings
from setu_gateway.testing.fakes import FakeWork

RECORDING = bytes(range(256)) * 4096  # a megabyte


class NotingWork(FakeWork):
    """Remembers what was said of the progress."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[float, str]] = []

    def progress(self, fraction: float, note: str = "") -> None:
        self.said.append((fraction, note))


def host() -> Starlette:  # noqa: C901  (many small routes)
    """A host of recordings, and of what passes for them."""

    async def talk(_: Request) -> Response:
        return Response(RECORDING, media_type="video/mp4")

    async def named(request: Request) -> Response:
        return Response(b"sound", media_type="audio/wav", headers={"Content-Disposition": request.query_params["as"]})

    async def typed(request: Request) -> Response:
        return Response(b"something", headers={"Content-Type": request.query_params["type"]})

    async def status(request: Request) -> Response:
        return Response(b"an inner secret", int(request.path_params["code"]), {"Retry-After": "9000"}, "audio/wav")

    async def drip(_: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"x" * 1000
                await asyncio.sleep(0.05)

        return StreamingResponse(body(), media_type="audio/wav")

    async def endless(_: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(64):
                yield RECORDING

        return StreamingResponse(body(), media_type="audio/wav")

    async def squeezed(_: Request) -> Response:
        return Response(b"\x1f\x8b", media_type="audio/wav", headers={"Content-Encoding": "gzip"})

    async def onward(request: Request) -> Response:
        return RedirectResponse(request.query_params["to"])

    async def empty(_: Request) -> Response:
        return Response(b"", media_type="audio/wav")

    return Starlette(
        routes=[
            Route("/clips/A%20talk.mp4", talk), Route("/clips/A talk.mp4", talk), Route("/named", named), Route("/typed", typed),
            Route("/status/{code}", status), Route("/drip", drip), Route("/endless", endless), Route("/squeezed", squeezed),
            Route("/onward", onward), Route("/empty", empty),
        ]
    )  # fmt: skip


@contextlib.asynccontextmanager
async def fetching(store, *, max_bytes: int = 1 << 22, **settings: float) -> AsyncIterator[tuple[Fetcher, str]]:
    async with loopback(host()) as url:
        policy = OutsidePolicy.of(f"80,{urlsplit(url).port}", "127.0.0.1")
        async with OutsideClient(Guard(policy, RecordingResolver({"inner.example": ["10.0.0.1"]}))) as client:
            outside = OutsideSettings().model_copy(update=settings)
            yield Fetcher(store, client, outside, max_bytes=max_bytes), url


async def fetch(store, path: str, work: FakeWork | None = None, **options) -> Fetched:
    async with fetching(store, **options) as (fetcher, url):
        return await fetcher(FetchRequest(url=path if path.startswith("http") else f"{url}{path}"), work or FakeWork())


def stored(store_settings) -> list[str]:
    return [str(path) for path in Path(store_settings.url.removeprefix("file://")).rglob("*") if path.is_file()]


async def test_a_recording_is_fetched_whole_and_its_progress_told(store):
    work = NotingWork()
    fetched = await fetch(store, "/clips/A%20talk.mp4?token=secret", work)
    assert (fetched.media_name, fetched.host) == ("A talk.mp4", "127.0.0.1")
    assert (fetched.media.media_type, fetched.media.bytes) == ("video/mp4", len(RECORDING))
    assert await store.read(fetched.media) == RECORDING
    assert fetched.media.uri.startswith("setu://gateway/local/")
    fraction, note = work.said[-1]
    assert fraction == 1.0
    assert note.startswith("fetching: 1.0 of 1.0 MB, ")
    assert note.endswith(" MB/s")
    assert [each for each, _ in work.said] == sorted(each for each, _ in work.said)


async def test_redirections_are_followed(store):
    fetched = await fetch(store, "/onward?to=/clips/A%2520talk.mp4")
    assert await store.read(fetched.media) == RECORDING


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="lecture 3.wav"', "lecture 3.wav"),
        ("attachment; filename=plain.wav; size=3", "plain.wav"),
        ("attachment; filename=x.wav; filename*=UTF-8''caf%C3%A9.wav", "café.wav"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="..\\\\..\\\\boot.ini"', "boot.ini"),
        ("inline", "named"),
        ('attachment; filename=""', "recording"),
    ],
)
async def test_a_recording_is_named_as_its_host_names_it(store, disposition, name):
    assert (await fetch(store, f"/named?as={quote(disposition)}")).media_name == name


@pytest.mark.parametrize("kind", ["audio/mpeg", "VIDEO/MP4; codecs=x", "application/octet-stream", "binary/octet-stream"])
async def test_what_may_be_a_recording_is_taken(store, kind):
    assert (await fetch(store, f"/typed?type={quote(kind)}")).media.bytes == 9


@pytest.mark.parametrize(
    ("path", "problem", "said"),
    [
        ("/status/404", errors.MediaUrlNotFound, "404"),
        ("/status/410", errors.MediaUrlNotFound, "410"),
        ("/status/403", errors.MediaUrlNotServed, "signing in"),
        ("/status/401", errors.MediaUrlNotServed, "401"),
        ("/status/206", errors.MediaUrlNotServed, "206"),
        ("/status/503", errors.MediaUrlUnavailable, "503"),
        ("/status/429", errors.MediaUrlUnavailable, "429"),
        ("/typed?type=text/html;%20charset=utf-8", errors.MediaUrlWrongType, "text/html"),
        ("/typed?type=application/json", errors.MediaUrlWrongType, "application/json"),
        ("/typed?type=application/vnd.apple.mpegurl", errors.MediaUrlWrongType, "playlist"),
        ("/typed?type=audio/x-mpegurl", errors.MediaUrlWrongType, "playlist"),
        ("/typed?type=image/png", errors.MediaUrlWrongType, "image/png"),
        ("/squeezed", errors.MediaUrlWrongType, "compressed"),
        ("/empty", errors.MediaEmpty, "no bytes"),
        ("/endless", errors.MediaUrlTooLarge, "larger than 4194304"),
        ("/onward?to=http://127.0.0.1:9/x", errors.MediaUrlRefused, "Port 9"),
        ("/onward?to=http://inner.example/x", errors.MediaUrlRefused, "not of the public internet"),
        ("/onward?to=file:///etc/passwd", errors.MediaUrlRefused, "http"),
        ("http://169.254.169.254/latest", errors.MediaUrlRefused, "not of the public internet"),
    ],
)
async def test_what_can_not_be_taken_is_told_by_name_and_nothing_of_it_stays(store, store_settings, path, problem, said):
    with pytest.raises(problem) as raised:
        await fetch(store, path)
    assert said in raised.value.detail
    assert "secret" not in raised.value.detail
    assert stored(store_settings) == []
    assert is_retryable(raised.value) == (problem is errors.MediaUrlUnavailable)
    assert (raised.value.retry_after_s or 0) <= 300


async def test_a_host_that_drips_is_left_when_the_time_is_over_and_nothing_stays(store, store_settings):
    with pytest.raises(errors.MediaUrlTooSlow):
        await fetch(store, "/drip", fetch_total_s=0.3)
    assert stored(store_settings) == []


async def test_a_fetch_that_is_cancelled_leaves_nothing(store, store_settings):
    async with fetching(store) as (fetcher, url):
        task = asyncio.create_task(fetcher(FetchRequest(url=f"{url}/drip"), FakeWork()))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert stored(store_settings) == []


async def test_a_host_that_is_away_is_told_as_such(store):
    policy = OutsidePolicy.of("1", "127.0.0.1")
    async with OutsideClient(Guard(policy, RecordingResolver({}))) as client:
        fetcher = Fetcher(store, client, OutsideSettings(), max_bytes=1000)
        with pytest.raises(errors.MediaUrlUnavailable):
            await fetcher(FetchRequest(url="http://127.0.0.1:1/"), FakeWork())
        with pytest.raises(errors.MediaUrlUnresolvable):
            await fetcher(FetchRequest(url="http://nowhere.example:1/"), FakeWork())
