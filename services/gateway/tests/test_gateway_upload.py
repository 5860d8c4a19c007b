"""Uploads into a real store: whole ones are kept, others leave nothing behind."""

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect

from setu_common.contracts import JobRequest
from setu_common.errors import PayloadTooLarge
from setu_common.store import Writer
from setu_gateway.errors import (
    MalformedUpload,
    MediaEmpty,
    MediaMissing,
    MediaUrlRefused,
    TooManyUploads,
    UnknownField,
    UnknownLanguage,
    UnsupportedMediaType,
    UploadInterrupted,
    UploadStalled,
    UploadTooLarge,
)
from setu_gateway.intake.requests import JSON_BYTES
from setu_gateway.intake.upload import Intake, Upload, display_name
from setu_gateway.settings import UploadSettings

TYPE = "multipart/form-data; boundary=x7ZQ"
HEAD = b'--x7ZQ\r\nContent-Disposition: form-data; name="media"; filename="talk.mp4"\r\nContent-Type: video/mp4\r\n\r\n'
TAIL = b"\r\n--x7ZQ--\r\n"


def field(name: str, value: str) -> bytes:
    return f'--x7ZQ\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


async def body(*chunks: bytes | Exception) -> AsyncIterator[bytes]:
    for chunk in chunks:
        if isinstance(chunk, Exception):
            raise chunk
        yield chunk


def files(store_settings) -> list[Path]:
    root = Path(store_settings.url.removeprefix("file://"))
    return [path for path in root.rglob("*") if path.is_file()]


async def vet_nothing(_request: JobRequest) -> None:
    """All is well."""


@pytest.fixture
async def skip(monkeypatch) -> Callable[[float], None]:
    """Puts the loop's clock forward by so many seconds: what else the machine does takes none of them."""
    loop, skipped_s = asyncio.get_running_loop(), [0.0]
    time = loop.time
    monkeypatch.setattr(loop, "time", lambda: time() + sum(skipped_s))
    return skipped_s.append


async def receive(store, *chunks: bytes | Exception, length: int | None = None, **settings) -> Upload:
    intake = Intake(store, UploadSettings(**settings), vet_nothing)
    return await intake.receive(body(*chunks), tenant="local", content_type=TYPE, content_length=length)


async def test_an_upload_is_stored_with_its_name_type_and_fields(store):
    upload = await receive(store, field("target_languages", "EN") + HEAD + b"me", b"dia" + TAIL)
    assert await store.read(upload.media) == b"media"
    assert upload.media is not None
    assert upload.media.media_type == "video/mp4"
    assert upload.media.sha256 == hashlib.sha256(b"media").hexdigest()
    assert upload.media_name == "talk.mp4"
    assert upload.request == JobRequest(target_languages=("en",))


BROKEN: list[tuple[str, tuple[bytes | Exception, ...], type[Exception]]] = [
    ("the client goes away", (HEAD + b"a" * 3_000_000, ClientDisconnect()), UploadInterrupted),
    ("the body is cut off", (HEAD + b"a" * 3_000_000,), MalformedUpload),
    ("it grows beyond the limit", (HEAD + b"a" * 3_000_000, b"a" * 3_000_000 + TAIL), UploadTooLarge),
    ("a field behind the file is unknown", (HEAD + b"a" * 3_000_000 + b"\r\n" + field("x", "1"),), UnknownField),
    ("a language behind the file is unknown", (HEAD + b"a\r\n" + field("target_languages", "xx") + TAIL[2:],), UnknownLanguage),
    ("the file is empty", (HEAD + TAIL,), MediaEmpty),
    ("a defect", (HEAD + b"a" * 3_000_000, RuntimeError("oh")), RuntimeError),
]


@pytest.mark.parametrize(("chunks", "error"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN])
async def test_nothing_is_left_behind_when(store, store_settings, chunks, error):
    with pytest.raises(error):
        await receive(store, *chunks, max_upload_bytes=5_000_000)
    assert files(store_settings) == []


async def test_nothing_is_left_behind_when_the_request_is_cancelled(store, store_settings):
    reached = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield HEAD + b"a" * 3_000_000
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(
        Intake(store, UploadSettings(), vet_nothing).receive(endless(), tenant="local", content_type=TYPE, content_length=None)
    )
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(store_settings) == []


async def test_a_stalled_upload_is_ended(store, store_settings):
    async def stalling() -> AsyncIterator[bytes]:
        yield HEAD + b"a"
        await asyncio.Event().wait()

    intake = Intake(store, UploadSettings(upload_idle_s=0.05), vet_nothing)
    with pytest.raises(UploadStalled):
        await intake.receive(stalling(), tenant="local", content_type=TYPE, content_length=None)
    assert files(store_settings) == []


async def test_a_slow_upload_that_keeps_coming_is_taken(store, skip):
    async def slow() -> AsyncIterator[bytes]:
        yield HEAD
        for _ in range(10):
            skip(40)
            await asyncio.sleep(0)
            yield b"a"
        yield TAIL

    intake = Intake(store, UploadSettings(upload_idle_s=60, upload_min_rate_bytes_per_s=0), vet_nothing)
    upload = await intake.receive(slow(), tenant="local", content_type=TYPE, content_length=None)
    assert upload.media is not None
    assert upload.media.bytes == 10


def dripping(*, pause_s: float, drops: int, drop: bytes = b"a") -> AsyncIterator[bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        yield HEAD
        for _ in range(drops):
            await asyncio.sleep(pause_s)
            yield drop
        yield TAIL

    return chunks()


async def test_an_upload_that_only_drips_is_ended_once_its_grace_is_over(store, store_settings):
    intake = Intake(store, UploadSettings(upload_idle_s=5, upload_grace_s=0.2, upload_min_rate_bytes_per_s=2000), vet_nothing)
    with pytest.raises(UploadStalled, match="2000 a second"):
        await intake.receive(dripping(pause_s=0.02, drops=100), tenant="local", content_type=TYPE, content_length=None)
    assert files(store_settings) == []


async def test_an_upload_that_comes_in_bursts_is_judged_by_its_average(store):
    intake = Intake(store, UploadSettings(upload_grace_s=0.1, upload_min_rate_bytes_per_s=2000), vet_nothing)
    bursts = dripping(pause_s=0.2, drops=3, drop=bytes(100_000))
    upload = await intake.receive(bursts, tenant="local", content_type=TYPE, content_length=None)
    assert upload.media is not None
    assert upload.media.bytes == 300_000


async def test_a_store_that_is_slow_is_not_held_against_the_client(store, monkeypatch, skip):
    write = Writer.write

    async def slowly(self: Writer, piece: bytes | memoryview) -> None:
        skip(100)
        await write(self, piece)

    monkeypatch.setattr(Writer, "write", slowly)
    limits = {"upload_idle_s": 600, "upload_grace_s": 30, "upload_min_rate_bytes_per_s": 1 << 20}
    await receive(store, HEAD, b"a", b"b", b"c" + TAIL, **limits)


@pytest.mark.parametrize("sent", [(field("target_languages", "xx") + HEAD,), (field("target_languages", "xx"), HEAD, b"a")])
async def test_fields_before_the_file_are_judged_before_it_is_read(store, store_settings, sent):
    async def cut_short() -> AsyncIterator[bytes]:
        for chunk in sent:
            yield chunk
        raise AssertionError("the file was read")

    with pytest.raises(UnknownLanguage):
        await Intake(store, UploadSettings(), vet_nothing).receive(
            cut_short(), tenant="local", content_type=TYPE, content_length=None
        )
    assert files(store_settings) == []


async def test_what_is_asked_for_is_vetted_before_the_file_is_stored_and_again_only_if_more_was_asked(store, store_settings):
    asked: list[JobRequest] = []

    async def vet(request: JobRequest) -> None:
        assert files(store_settings) == [] or asked
        asked.append(request)

    async def receive(*chunks: bytes) -> None:
        intake = Intake(store, UploadSettings(), vet)
        await intake.receive(body(*chunks), tenant="local", content_type=TYPE, content_length=None)

    await receive(field("target_languages", "en") + HEAD, b"a" * 3_000_000, TAIL)
    assert asked == [JobRequest(target_languages=("en",))]
    await receive(field("target_languages", "en") + HEAD, b"a\r\n" + field("target_languages", "hi") + TAIL[2:])
    assert asked[1:] == [JobRequest(target_languages=("en",)), JobRequest(target_languages=("en", "hi"))]


async def test_an_upload_that_is_vetted_out_at_its_end_leaves_nothing(store, store_settings):
    async def vet(request: JobRequest) -> None:
        if request.webhook_url is not None:
            raise MediaUrlRefused("No.")

    intake = Intake(store, UploadSettings(), vet)
    late = body(HEAD + b"a" * 3_000_000, b"\r\n" + field("webhook_url", "http://a.example/") + TAIL[2:])
    with pytest.raises(MediaUrlRefused):
        await intake.receive(late, tenant="local", content_type=TYPE, content_length=None)
    assert files(store_settings) == []


async def receive_json(store, *chunks: bytes, content_type: str = "application/json", length: int | None = None) -> Upload:
    intake = Intake(store, UploadSettings(), vet_nothing)
    return await intake.receive(body(*chunks), tenant="local", content_type=content_type, content_length=length)


async def test_a_json_body_asks_for_what_lies_at_a_url(store, store_settings):
    content = b'{"media_url": "https://media.example/a/My%20talk.mp4?sig=x#t", "target_languages": ["en"]}'
    upload = await receive_json(store, content[:20], content[20:], content_type="Application/JSON; charset=utf-8")
    assert (upload.media, upload.media_name) == (None, "My talk.mp4")
    assert upload.request.target_languages == ("en",)
    assert files(store_settings) == []
    other = await receive_json(store, content.replace(b"sig=x", b"sig=y"))
    assert upload.body_sha256 == (await receive_json(store, content)).body_sha256 != other.body_sha256


async def test_a_json_body_without_a_recording_says_what_to_do(store):
    with pytest.raises(MediaMissing, match="media_url"):
        await receive_json(store, b"{}")


async def test_a_json_body_is_bounded(store):
    with pytest.raises(PayloadTooLarge):
        await receive_json(store, b" " * JSON_BYTES, b" ")
    with pytest.raises(PayloadTooLarge):
        await receive_json(store, length=JSON_BYTES + 1)


@pytest.mark.parametrize("content_type", ["application/ld+json", "text/plain", "", "application/json+x"])
async def test_what_is_neither_form_nor_json_is_refused(store, content_type):
    with pytest.raises(UnsupportedMediaType, match="application/json"):
        await receive_json(store, b"{}", content_type=content_type)


async def test_no_more_uploads_are_taken_at_once_than_allowed_and_their_places_become_free(store):
    intake = Intake(store, UploadSettings(max_concurrent_uploads=2), vet_nothing)
    goes_on = asyncio.Event()

    async def held() -> AsyncIterator[bytes]:
        yield HEAD + b"a"
        await goes_on.wait()
        yield TAIL

    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    async with asyncio.TaskGroup() as uploads:
        for _ in range(2):
            uploads.create_task(intake.receive(held(), tenant="local", content_type=TYPE, content_length=None))
        await asyncio.sleep(0.05)
        with pytest.raises(TooManyUploads) as caught:
            await intake.receive(unread(), tenant="local", content_type=TYPE, content_length=None)
        assert caught.value.retry_after_s == 5
        goes_on.set()
    for broken in (HEAD, HEAD, HEAD):
        with pytest.raises(MalformedUpload):
            await intake.receive(body(broken), tenant="local", content_type=TYPE, content_length=None)
    whole = await intake.receive(body(HEAD + b"a" + TAIL), tenant="local", content_type=TYPE, content_length=None)
    assert whole.media is not None
    assert whole.media.bytes == 1


async def test_a_body_that_says_it_is_too_large_is_not_read(store):
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    intake = Intake(store, UploadSettings(max_upload_bytes=1000), vet_nothing)
    with pytest.raises(UploadTooLarge) as caught:
        await intake.receive(unread(), tenant="local", content_type=TYPE, content_length=10_000_000)
    assert caught.value.context["limit_bytes"] == 1000
    assert "1000 bytes" in caught.value.detail


async def test_a_file_of_exactly_the_limit_is_taken(store):
    whole = HEAD + b"a" * 1000 + TAIL
    upload = await receive(store, whole, length=len(whole), max_upload_bytes=1000)
    assert upload.media is not None
    assert upload.media.bytes == 1000


async def test_a_large_upload_is_not_held_in_memory(store):
    async def large() -> AsyncIterator[bytes]:
        yield HEAD
        for _ in range(1000):
            yield bytes(65536)
        yield TAIL

    intake = Intake(store, UploadSettings(), vet_nothing)
    tracemalloc.start()
    try:
        await intake.receive(large(), tenant="local", content_type=TYPE, content_length=None)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 8_000_000


async def test_the_same_request_has_the_same_hash_whatever_the_file_is_called(store):
    one = await receive(store, field("target_languages", "en") + HEAD + b"media" + TAIL)
    renamed = await receive(store, HEAD.replace(b"talk", b"walk") + b"media\r\n" + field("target_languages", "en") + TAIL[2:])
    other = await receive(store, field("target_languages", "hi") + HEAD + b"media" + TAIL)
    assert one.body_sha256 == renamed.body_sha256 != other.body_sha256


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("talk.mp4", "talk.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\talk.mp4", "talk.mp4"),
        ("/", "recording"),
        ("..", "recording"),
        ("", "recording"),
        ("a\x00b\r\nSet-Cookie: x.mp4", "abSet-Cookie: x.mp4"),
        ("\u202egpj.exe", "gpj.exe"),
        ("राज की बात.mp4", "राज की बात.mp4"),
        ("x" * 300, "x" * 255),
        ("\udcff.mp4", ".mp4"),
    ],
)
def test_a_file_name_is_shown_and_never_a_path(name, shown):
    assert display_name(name) == shown
