"""The hosted engine through the real SDK, against a server that speaks the wire on loopback."""

import asyncio
import io
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import SecretStr
from starlette.datastructures import UploadFile

from setu_asr.domain.audio import RATE_HZ
from setu_asr.domain.hints import Hints
from setu_asr.engines.openai import HostedServer, HostedWhisper
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import ModelKey, Remote
from setu_asr.errors import HostedRefused, UnusablePlan
from setu_asr.service import TranscriptionService
from setu_asr.settings import HostedSettings, RecognitionSettings
from setu_asr.worker import Installed
from setu_common.contracts import AsrPlan, Transcript, Transcription, TranscriptionRequest
from setu_common.errors import DependencyUnavailable
from setu_common.http import Dependencies
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings
from setu_common.store import Store
from setu_common.testing import ManualTime, loopback

KEY = ModelKey("openai", "whisper-1", "int8")


@dataclass
class Asked:
    fields: dict[str, list[str]]
    samples: np.ndarray
    size_bytes: int
    name: str
    authorization: str


def second_by_second(samples: np.ndarray) -> dict:
    """One word for each second that is loud, called by its loudness; a segment for each run of them."""
    words: list[dict[str, Any]] = []
    segments: list[dict[str, Any]] = []
    for second in range(len(samples) // RATE_HZ + 1):
        piece = samples[second * RATE_HZ : (second + 1) * RATE_HZ]
        loudness = float(np.sqrt(np.mean(np.square(piece)))) if len(piece) else 0.0
        if loudness < 0.05:
            continue
        label = f"level{round(loudness * 10)}"
        word = {"word": label, "start": second + 0.1, "end": second + 0.9}
        if segments and second - segments[-1]["end"] < 0.5:
            segments[-1]["end"] = second + 0.9
            segments[-1]["text"] += f" {label}."
        else:
            segments.append(
                {
                    "id": len(segments),
                    "start": second + 0.1,
                    "end": second + 0.9,
                    "text": f" {label.title()},",
                    "avg_logprob": -0.1,
                }
            )
        words.append(word)
    text = "".join(segment["text"] for segment in segments)
    return {
        "task": "transcribe",
        "language": "french",
        "duration": len(samples) / RATE_HZ,
        "text": text,
        "segments": segments,
        "words": words,
    }


@dataclass
class Host:
    """``answer`` gets the sound that came; a dict is an answer, a Response is sent as it is."""

    answer: Callable[[np.ndarray], object] = second_by_second
    asked: list[Asked] = field(default_factory=list)
    delay_s: float = 0.0

    @property
    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/audio/transcriptions")
        async def _transcriptions(request: Request) -> Response:
            async with request.form() as form:
                file = form["file"]
                assert isinstance(file, UploadFile)
                content = await file.read()
                fields = {name: [str(each) for each in form.getlist(name)] for name in form if name != "file"}
            self.asked.append(
                Asked(fields, decoded(content), len(content), file.filename or "", request.headers["authorization"])
            )
            await asyncio.sleep(self.delay_s)
            answer = self.answer(self.asked[-1].samples)
            return answer if isinstance(answer, Response) else JSONResponse(answer)

        return app


def decoded(content: bytes) -> np.ndarray:
    resampler = av.AudioResampler("fltp", "mono", RATE_HZ)
    with av.open(io.BytesIO(content), "r") as container:
        assert container.format.name == "ogg"
        pieces = [out.to_ndarray()[0] for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        pieces += [out.to_ndarray()[0] for out in resampler.resample(None)]
    return np.concatenate(pieces)


def sound(*levels: float) -> np.ndarray:
    """A second of a tone for each level (its root mean square)."""
    time_s = np.arange(RATE_HZ) / RATE_HZ
    tone = np.sqrt(2) * np.sin(2 * np.pi * 440 * time_s)
    return np.concatenate([(level * tone).astype(np.float32) for level in levels])


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
async def engine(host):
    async with loopback(host.app) as url, engine_at(f"{url}/v1") as engine:
        yield engine


@asynccontextmanager
async def engine_at(url: str, **settings):
    """The engine; its pauses take no time."""
    server = HostedServer(hosted_settings(url, **settings), Dependencies(timing=ManualTime().timing))
    yield HostedWhisper(KEY, server)
    await server.close()


def hosted_settings(url: str, **settings) -> HostedSettings:
    return HostedSettings(**{"url": url, "api_key": SecretStr("test-key"), "timeout_s": 5, **settings})


async def recognise(engine: HostedWhisper, *clips: np.ndarray, **options):
    return await asyncio.to_thread(engine.recognise, clips, "fr", AsrPlan(), **options)


async def test_a_batch_of_clips_is_one_compressed_upload_and_each_gets_its_own_words_back(host, engine):
    heard = await recognise(engine, sound(0.1, 0.2), sound(0.3), sound(0.1, 0.2, 0.3))
    [asked] = host.asked
    assert [[each.text for each in clip] for clip in heard] == [
        [" Level1, level2."],
        [" Level3,"],
        [" Level1, level2. level3."],
    ]
    assert [[word.text for word in clip[0].words] for clip in heard] == [
        [" Level1,", " level2."],
        [" Level3,"],
        [" Level1,", " level2.", " level3."],
    ]
    assert [clip[0].words[-1].end_s for clip in heard] == pytest.approx([1.9, 0.9, 2.9], abs=0.01)
    assert len(asked.samples) / RATE_HZ == pytest.approx(2 + 1 + 1 + 1 + 3, abs=0.1)
    assert asked.size_bytes < 8 * RATE_HZ * 2 / 4
    assert heard[0][0].words[0].probability == pytest.approx(np.exp(-0.1))


async def test_the_request_is_what_the_api_documents(host, engine):
    await recognise(engine, sound(0.2), hints=Hints(prompt="Sarah, Lyon", temperature=0.4))
    [asked] = host.asked
    assert asked.fields == {
        "model": ["whisper-1"],
        "language": ["fr"],
        "prompt": ["Sarah, Lyon"],
        "response_format": ["verbose_json"],
        "temperature": ["0.4"],
        "timestamp_granularities[]": ["word", "segment"],
    }
    assert (asked.name, asked.authorization) == ("speech.ogg", "Bearer test-key")


async def test_what_is_longer_than_an_upload_may_be_goes_in_several(host):
    async with loopback(host.app) as url, engine_at(f"{url}/v1", max_upload_bytes=200_000) as engine:
        heard = await recognise(engine, *[sound(*[0.2] * 25)] * 3)
    assert [len(clip) for clip in heard] == [1, 1, 1]
    assert [round(len(asked.samples) / RATE_HZ) for asked in host.asked] == [25, 25, 25]
    assert all(asked.size_bytes <= 200_000 for asked in host.asked)


async def test_the_language_is_asked_of_the_first_clip_and_comes_as_a_code(host, engine):
    assert await asyncio.to_thread(engine.detect_language, [sound(0.2), sound(0.3)]) == ("fr", 1.0)
    assert "language" not in host.asked[0].fields
    assert len(host.asked[0].samples) / RATE_HZ == pytest.approx(1, abs=0.1)


async def test_a_language_that_nobody_knows_is_told(host, engine):
    host.answer = lambda _samples: {"text": "nuqneH", "language": "klingon", "segments": []}
    with pytest.raises(HostedRefused, match="no language that Setu knows"):
        await asyncio.to_thread(engine.detect_language, [sound(0.2)])


async def test_silence_is_heard_as_nothing(host, engine):
    host.answer = lambda _samples: {"text": "", "language": "french", "segments": [], "words": []}
    assert await recognise(engine, sound(0.2), sound(0.2)) == [[], []]


async def test_times_that_reach_into_the_pause_between_clips_are_held_inside_theirs(host, engine):
    host.answer = lambda _samples: {"text": "Oui", "segments": [{"start": -0.2, "end": 1.4, "text": "Oui"}], "words": None}
    [[heard], []] = await recognise(engine, sound(0.2), sound(0.2))
    assert (heard.start_s, heard.end_s, heard.words) == (0.0, 1.0, ())


def error(status: int, code: str | None = None, **headers: str) -> JSONResponse:
    return JSONResponse({"error": {"message": "no", "type": "x", "code": code}}, status, headers)


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (error(401, "invalid_api_key"), HostedRefused, (None, 1)),
        (error(404, "model_not_found"), HostedRefused, (None, 1)),
        (error(413), HostedRefused, (None, 1)),
        (error(429, "insufficient_quota"), HostedRefused, (None, 1)),
        (error(429, "rate_limit_exceeded", **{"Retry-After": "7"}), DependencyUnavailable, (7, 6)),
        (error(500), DependencyUnavailable, (10, 4)),
        (error(503, **{"Retry-After": "3"}), DependencyUnavailable, (3, 4)),
        (Response("<html>", 200, media_type="text/html"), DependencyUnavailable, (10, 4)),
        (Response("{", 200, media_type="application/json"), DependencyUnavailable, (10, 4)),
        ({"text": "Bonjour"}, HostedRefused, (None, 1)),
        ({"text": "Bonjour", "segments": [{"start": "soon", "end": 1, "text": "Bonjour"}]}, DependencyUnavailable, (10, 4)),
        ({"segments": []}, DependencyUnavailable, (10, 4)),
    ],
    ids=[
        "bad key",
        "no model",
        "too large",
        "no quota",
        "too many",
        "broken",
        "busy",
        "a page",
        "half a JSON",
        "no segments",
        "a time in words",
        "no text",
    ],
)
async def test_every_refusal_has_a_name_and_is_asked_as_often_as_helps(host, engine, answer, kind, told):
    retry_after_s, times = told
    host.answer = lambda _samples: answer
    with pytest.raises(kind) as failure:
        await recognise(engine, sound(0.2))
    assert failure.value.retry_after_s == retry_after_s
    assert failure.value.retryable == (kind is DependencyUnavailable)
    assert len(host.asked) == times


async def test_an_answer_that_does_not_come_in_time_is_given_up(host):
    host.delay_s = 60
    async with loopback(host.app) as url, engine_at(f"{url}/v1", timeout_s=0.2) as engine:
        with pytest.raises(DependencyUnavailable, match=r"0\.2 s"):
            await recognise(engine, sound(0.2))


async def test_a_server_that_is_not_there_is_unavailable(unused_tcp_port):
    async with engine_at(f"http://127.0.0.1:{unused_tcp_port}/v1") as engine:
        with pytest.raises(DependencyUnavailable):
            await recognise(engine, sound(0.2))


async def test_without_a_key_the_engine_is_not_there_and_the_answer_says_what_to_set():
    with pytest.raises(UnusablePlan, match="SETU_ASR_OPENAI_API_KEY"):
        Installed(RecognitionSettings(), 1)("openai")
    with pytest.raises(UnusablePlan, match="SETU_ASR_OPENAI_API_KEY"):
        HostedServer(HostedSettings(api_key=None))


async def test_a_recording_is_transcribed_by_the_hosted_model_which_no_catalogue_knows(host, store_settings, tmp_path, request):
    store = Store(store_settings, "asr")
    media, work = request.getfixturevalue("media"), request.getfixturevalue("work")
    reference = await store.put("local", media.audio("a.wav", "pcm_s16le", duration_s=4.0).read_bytes(), "audio/wav")
    pool = RecogniserPool(0, 1)
    async with loopback(host.app) as url:
        server = HostedServer(hosted_settings(f"{url}/v1"))
        recognition = RecognitionSettings(scratch_folder=tmp_path)
        service = TranscriptionService(
            store=store,
            catalogue=Catalogue.load(ModelSettings(folder=tmp_path / "none", offline=True)),
            pool=pool,
            engines=Installed(recognition, 1, Remote(lambda key: HostedWhisper(key, server), "whisper-1")),
            find_speech=request.getfixturevalue("find_speech"),
            settings=recognition,
        )
        result = await service.transcribe(TranscriptionRequest(media=reference, plan=AsrPlan(engine="openai")), work)
        await server.close()
    assert isinstance(result, Transcription)
    transcript = await store.load(result.transcript, Transcript)
    assert (transcript.engine, transcript.model, transcript.language) == ("openai", "whisper-1", "fr")
    assert transcript.segments[0].text.startswith("Level")
    assert len([word for segment in transcript.segments for word in segment.words]) == 4
    assert result.plan.model == "whisper-1"
