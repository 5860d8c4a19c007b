"""Estimates of recordings whose length nobody said: their beginning is looked at, here or where they lie, and nothing of it stays."""

import asyncio
import io
import math
import threading
import wave
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse

from setu_common.contracts import JobRequest
from setu_common.contracts.cost import EstimateRequest
from setu_common.cost.ledger import migrate_ledger
from setu_common.http import FilePart, Guard, HttpCaller, OutsideClient, OutsidePolicy, create_client
from setu_common.settings import LogSettings
from setu_common.store import Store
from setu_common.testing import loopback
from setu_common.testing.outside import RecordingResolver
from setu_gateway.app import make_app
from setu_gateway.delivery import probing
from setu_gateway.delivery.probing import Prober
from setu_gateway.intake.looking import Bounds, Looking
from setu_gateway.intake.upload import Upload
from setu_gateway.settings import OutsideSettings, PipelineSettings, UploadSettings
from setu_metrics.app import create_api
from setu_metrics.settings import MetricsSettings

RATE_HZ = 16_000
BEGINNING_BYTES = 40_000
SOON_S = 20


def wav(seconds: float) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as writer:
        writer.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        writer.writeframes(bytes(int(seconds * RATE_HZ) * 2))
    return content.getvalue()


@cache
def encoded(seconds: float, codec: str, container: str, **options: str) -> bytes:
    """A tone in another container. It is made when a test needs it, and once: encoding takes longer than what is tested."""
    content = io.BytesIO()
    samples = np.sin(np.arange(int(seconds * RATE_HZ)) * 2 * math.pi * 220 / RATE_HZ).astype(np.float32)[None, :]
    with av.open(content, "w", format=container, options=options) as target:
        stream = target.add_stream(codec, rate=RATE_HZ, layout="mono", options={"aac_coder": "fast"} if codec == "aac" else {})
        assert isinstance(stream, av.AudioStream)
        size = stream.codec_context.frame_size or 1024
        for start in range(0, samples.shape[1], size):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, start : start + size]), "fltp", "mono")
            frame.sample_rate, frame.pts = RATE_HZ, start
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return content.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "wav": lambda: wav(90),
    "mp4": lambda: encoded(90, "aac", "mp4"),
    "mkv": lambda: encoded(90, "aac", "matroska"),
    "mp3": lambda: encoded(90, "libmp3lame", "mp3"),
}


async def told(content: bytes, tmp_path: Path) -> float | None:
    path = tmp_path / "media"
    path.write_bytes(content)
    with path.open("rb") as file, Prober() as prober:
        return await prober.length_of(file)


@pytest.mark.parametrize("media", FILES)
async def test_a_file_tells_how_long_it_is_without_being_decoded(media, tmp_path):
    assert await told(FILES[media](), tmp_path) == pytest.approx(90, abs=0.5)


@pytest.mark.parametrize("content", [b"no media at all", b"#EXTM3U\nhttp://127.0.0.1/secret.ts\n", wav(1)[:20]])
async def test_what_is_no_media_tells_nothing(content, tmp_path):
    assert await told(content, tmp_path) is None


def threads_of_probes() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("probe")]


async def test_files_that_are_slow_to_tell_wait_for_one_another_and_the_disk_for_none(monkeypatch):
    begun, told = threading.Semaphore(0), threading.Event()

    def slow(media):
        begun.release()
        return 90.0 if told.wait(SOON_S) else None

    monkeypatch.setattr(probing, "_length_of", slow)
    others = threads_of_probes()  # and not their idents, which go to new threads when they end
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1, thread_name_prefix="disk"))
    with Prober() as prober:
        looks = [asyncio.create_task(prober.length_of(io.BytesIO())) for _ in range(5)]
        async with asyncio.timeout(SOON_S / 2):
            for _ in range(2):
                assert await asyncio.to_thread(begun.acquire, timeout=SOON_S)
        assert not any(look.done() for look in looks)
        mine = [thread for thread in threads_of_probes() if thread not in others]
        told.set()
        assert await asyncio.gather(*looks) == [90.0] * 5
    for thread in mine:
        thread.join(SOON_S)
    assert [thread.is_alive() for thread in mine] == [False, False]


BEGINNING_SEEN = 1500


class Host:
    """Where recordings lie."""

    def __init__(self) -> None:
        self.content = wav(90)
        self.media_type = "audio/wav"
        self.asked = 0
        self.goes_on = asyncio.Event()

    @property
    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/talk")
        async def _talk() -> Response:
            self.asked += 1
            return Response(self.content, media_type=self.media_type)

        @app.get("/parts")
        async def _parts() -> StreamingResponse:
            async def parts() -> AsyncIterator[bytes]:
                yield self.content[:BEGINNING_SEEN]
                await self.goes_on.wait()
                yield self.content[BEGINNING_SEEN:]

            return StreamingResponse(parts(), headers={"Content-Length": str(len(self.content))}, media_type=self.media_type)

        @app.get("/gone")
        async def _gone() -> Response:
            return Response(status_code=404)

        return app


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
async def host_url(host) -> AsyncIterator[str]:
    async with loopback(host.app) as url:
        yield url


@pytest.fixture
async def gateway(gateway_settings, trust_settings, host_url) -> AsyncIterator[HttpCaller]:
    database = gateway_settings.core.database
    migrate_ledger(database)
    outside = OutsideSettings(outside_allowed="127.0.0.1", outside_ports=host_url.rpartition(":")[2])
    async with loopback(create_api(MetricsSettings(database, LogSettings()), trust_settings)) as metrics_url:
        settings = replace(
            gateway_settings, pipeline=PipelineSettings(metrics_url=metrics_url), outside=outside, upload=UploadSettings()
        )
        async with (
            loopback(make_app(settings)) as url,
            create_client(url, service_token=None, timeout_s=20) as client,
        ):
            yield HttpCaller(client, name="gateway")


async def sent(gateway: HttpCaller, content: bytes, query: str = "", name: str = "talk.wav", **fields) -> dict:
    part = FilePart("media", name, io.BytesIO(content), "audio/wav")
    answer = await gateway.upload(f"/jobs/estimate/media{query}", fields=fields, file=part, headers={}, ok=(200,))
    return answer.json()


async def estimated(gateway: HttpCaller, ok: int = 200, **asked) -> dict:
    return (await gateway.call("POST", "/jobs/estimate", json=asked, ok=(ok,))).json()


def stored(store_settings) -> list[Path]:
    return [path for path in Path(store_settings.url.removeprefix("file://")).rglob("*") if path.is_file()]


async def test_a_recording_at_a_url_is_looked_at_and_fetched_as_far_as_that_takes(gateway, host, host_url):
    found = await estimated(gateway, media_url=f"{host_url}/talk", target_languages=["en"])
    assert (found["duration_s"], found["duration_guessed"], found["per_minute"]) == (90, False, False)
    assert [stage["stage"] for stage in found["stages"]] == [
        "fetches",
        "profiles",
        "transcriptions",
        "translations",
        "renderings",
    ]
    assert (await gateway.call("GET", "/jobs")).json()["jobs"] == []


async def test_who_says_how_long_it_is_spares_the_look(gateway, host, host_url):
    found = await estimated(gateway, media_url=f"{host_url}/talk", duration_s=50)
    assert (found["duration_s"], host.asked, found["stages"][0]["stage"]) == (50, 0, "fetches")


async def test_a_recording_that_does_not_tell_is_guessed_by_its_size(gateway, host, host_url):
    host.content, host.media_type = bytes(160_000), "audio/mpeg"
    found = await estimated(gateway, media_url=f"{host_url}/talk")
    assert (found["duration_s"], found["duration_guessed"]) == (10, True)


async def test_what_could_not_be_fetched_for_a_job_is_said_at_once(gateway, host, host_url):
    assert (await estimated(gateway, 422, media_url=f"{host_url}/gone"))["code"] == "media-url-not-found"
    host.media_type = "text/html"
    assert (await estimated(gateway, 415, media_url=f"{host_url}/talk"))["code"] == "media-url-wrong-type"
    assert (await estimated(gateway, 422, media_url="http://10.0.0.1/talk"))["code"] == "media-url-refused"


async def test_a_file_that_is_sent_is_looked_at_and_not_kept(gateway, store_settings):
    found = await sent(gateway, wav(30), target_languages=["en", "hi"], source_language="fr")
    assert (found["duration_s"], found["duration_guessed"]) == (30, False)
    assert [stage["target"] for stage in found["stages"] if stage["stage"] == "translations"] == ["en", "hi"]
    assert stored(store_settings) == []


@pytest.mark.parametrize("media", ["wav", "mkv", "mp3"])
async def test_the_beginning_of_a_file_and_its_size_will_do(gateway, store_settings, media):
    content = FILES[media]()
    found = await sent(gateway, content[:BEGINNING_BYTES], f"?bytes={len(content)}", f"talk.{media}")
    assert found["duration_s"] == pytest.approx(90, rel=0.05)
    assert stored(store_settings) == []


@pytest.mark.parametrize(
    ("codec", "container"),
    [("aac", "mp4"), ("aac", "mpegts"), ("libopus", "ogg"), ("libmp3lame", "mp3")],
    ids=["mp4 with its index at the end", "mpegts", "ogg", "mp3"],
)
async def test_of_a_long_file_that_is_sent_the_beginning_and_the_end_are_read(store, monkeypatch, codec, container):
    content = encoded(90, codec, container, write_xing="0")  # an option of mp3 alone: without it the beginning tells all
    taken = []
    stream = Store.stream

    async def counted(self, *arguments, **ranges):
        async for chunk in stream(self, *arguments, **ranges):
            taken.append(len(chunk))
            yield chunk

    monkeypatch.setattr(Store, "stream", counted)
    monkeypatch.setattr(Store, "local_file", None)
    upload = Upload(JobRequest(), "talk", await store.put("acme", content, "audio/mp4"))
    with Prober() as prober:
        looks = Looking(store, None, 1 << 30, prober.length_of, Bounds(sent_bytes=len(content) // 8))  # type: ignore[arg-type]  # what is sent takes nobody out
        found = await looks.at_upload(upload, None)
    assert found.duration_s == pytest.approx(90, rel=0.02)
    assert (sum(taken), found.bytes) == (2 * (len(content) // 8), len(content))


def mp4(tmp_path: Path, *, index_first: bool) -> bytes:
    """A minute and a half, its index first or last, whose tables alone take some 6,000 bytes."""
    path = tmp_path / "talk.mp4"
    with (
        av.open(io.BytesIO(encoded(90, "aac", "mp4")), "r") as source,
        av.open(str(path), "w", format="mp4", options={"movflags": "faststart"} if index_first else {}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path.read_bytes()


SMALL = Bounds(fetched_bytes=BEGINNING_SEEN, sent_bytes=3000, index_bytes=64_000)


@pytest.mark.parametrize("index_first", [True, False])
@pytest.mark.parametrize(
    ("bounds", "length_s"),
    [(SMALL, 90), (replace(SMALL, index_bytes=4000), None), (replace(SMALL, sent_bytes=100), 90)],
    ids=["an index longer than the parts", "longer than is read of one", "that begins where the first part ends, or before"],
)
async def test_an_index_longer_than_what_is_looked_at_is_read_whole_or_not_believed(
    store, tmp_path, index_first, bounds, length_s
):
    content = mp4(tmp_path, index_first=index_first)
    upload = Upload(JobRequest(), "talk", await store.put("acme", content, "audio/mp4"))
    with Prober() as prober:
        looks = Looking(store, None, 1 << 30, prober.length_of, bounds)  # type: ignore[arg-type]  # what is sent takes nobody out
        found = await looks.at_upload(upload, None)
    assert found.duration_s == (length_s and pytest.approx(length_s, abs=0.5))


@pytest.mark.parametrize(("sent_bytes", "length_s"), [(3000, None), (12_000, 90)])
async def test_of_a_beginning_that_cuts_the_index_no_length_is_believed(store, tmp_path, sent_bytes, length_s):
    content = mp4(tmp_path, index_first=True)
    upload = Upload(JobRequest(), "talk", await store.put("acme", content[:sent_bytes], "audio/mp4"))
    with Prober() as prober:
        looks = Looking(store, None, 1 << 30, prober.length_of, SMALL)  # type: ignore[arg-type]  # what is sent takes nobody out
        found = await looks.at_upload(upload, len(content))
    assert found.duration_s == (length_s and pytest.approx(length_s, abs=0.5))


@pytest.mark.parametrize(("most_bytes", "length_s"), [(3000, None), (12_000, 90)])
async def test_an_index_at_a_url_is_fetched_whole_or_not_believed(host, host_url, tmp_path, most_bytes, length_s):
    host.content, host.media_type = mp4(tmp_path, index_first=True), "audio/mp4"
    if length_s is not None:  # otherwise nobody waits for what the host still has
        host.goes_on.set()
    policy = OutsidePolicy.of(host_url.rpartition(":")[2], "127.0.0.1")
    bounds = replace(SMALL, sent_bytes=most_bytes)
    with Prober() as prober:
        async with OutsideClient(Guard(policy, RecordingResolver({}))) as client:
            looks = Looking(None, client, 1 << 30, prober.length_of, bounds)  # type: ignore[arg-type]  # nothing is kept
            found = await looks.at_url(EstimateRequest(media_url=f"{host_url}/parts"))
    assert found.duration_s == (length_s and pytest.approx(length_s, abs=0.5))
    assert found.bytes == len(host.content)


async def test_an_app_that_ends_leaves_no_thread_that_looks(gateway_settings):
    async with loopback(make_app(gateway_settings)) as url, create_client(url, service_token=None, timeout_s=SOON_S) as client:
        others = threads_of_probes()
        part = FilePart("media", "a.wav", io.BytesIO(wav(0.01)), "audio/wav")
        await HttpCaller(client, name="gateway").upload("/jobs/estimate/media", fields={}, file=part, headers={}, ok=(200, 503))
        (mine,) = [thread for thread in threads_of_probes() if thread not in others]
    mine.join(SOON_S)
    assert not mine.is_alive()


async def test_a_size_beyond_that_of_files_is_no_defect(gateway, store_settings):
    found = await sent(gateway, wav(30)[:BEGINNING_BYTES], f"?bytes={1 << 50}")
    assert found["duration_s"] > 0
    assert stored(store_settings) == []


async def test_where_nobody_knows_how_long_it_is_it_is_told_for_a_minute(gateway):
    found = await estimated(gateway, target_languages=["en"])
    assert (found["duration_s"], found["per_minute"], found["duration_guessed"]) == (60, True, False)
    assert any("each minute" in note for note in found["notes"])
