"""OpenAI's SDK, as it is, against the gateway: the app, its pipeline and its store are real, asr and translate are stubs."""

import asyncio
import inspect
import io
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from sqlalchemy import text

from setu_common.contracts import (
    AsrPlan,
    Problem,
    Segment,
    SpeechTranslationRequest,
    Transcript,
    Transcription,
    TranscriptionRequest,
    Word,
)
from setu_common.db import Database
from setu_common.operations import Operations
from setu_common.settings import CoreSettings, LogSettings, OperationSettings, WorkerSettings
from setu_common.store import Store
from setu_common.subtitles import parse
from setu_common.testing import loopback
from setu_gateway.app import make_app
from setu_gateway.learning.forgetting import Forgetter
from setu_gateway.learning.lessons import Lessons
from setu_gateway.pipeline.advance import Advancer
from setu_gateway.pipeline.erasure import Eraser
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.settings import EdgeSettings, GatewaySettings, OutsideSettings, PipelineSettings, UploadSettings
from setu_gateway.testing.movement import StubPort, moving
from setu_gateway.testing.stand import Memory
from setu_gateway.testing.stub_services import StubServices

# The SDK calls translations deprecated, as OpenAI moves on to other models; the route is there all the same.
pytestmark = [pytest.mark.timeout(60), pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")]


def spoken(language: str = "fr") -> Transcript:
    """Two lines of two words, a word a second."""
    lines = [("Bonjour Sarah.", ["Bonjour", "Sarah."]), ("Au revoir.", ["Au", "revoir."])]
    segments = []
    for place, (line, words) in enumerate(lines):
        start_s = 2.0 * place
        segments.append(
            Segment(
                index=place,
                start_s=start_s,
                end_s=start_s + 1.5,
                text=line,
                words=tuple(
                    Word(start_s=start_s + n, end_s=start_s + n + 0.5, text=w, probability=0.9) for n, w in enumerate(words)
                ),
                avg_logprob=-0.25,
                no_speech_prob=0.02,
            )
        )
    return Transcript(
        language=language, language_probability=0.9, duration_s=10.2, segments=tuple(segments), engine="e", model="m"
    )


class Services(StubServices):
    """asr and translate. ``problem``: how transcription fails; ``hold``: it does not end."""

    language = "fr"
    problem: Problem | None = None
    hold = False

    async def _end(self, operation_id, tenant):
        if isinstance(self.operations.requests[operation_id], TranscriptionRequest):
            if self.problem is not None:
                self.operations.fail(operation_id, self.problem)
                return
            if self.hold:
                await until(lambda: operation_id in self.operations.cancelled)
                self.operations.end_cancelled(operation_id)
                return
        await super()._end(operation_id, tenant)

    async def _transcribed(self, tenant, request):
        transcript = spoken(self.language)
        result = Transcription(
            transcript=await self._store.put_model(tenant, transcript),
            language=transcript.language,
            language_probability=0.9,
            duration_s=transcript.duration_s,
            segment_count=len(transcript.segments),
            plan=AsrPlan(),
            model_time_s=0.0,
        )
        return result.model_dump(mode="json")

    def asked(self, kind: type) -> list[Any]:
        return [request for request in self.operations.requests.values() if isinstance(request, kind)]


@dataclass
class Edge:
    """A gateway on a port, and what is behind it."""

    client: AsyncOpenAI
    services: Services
    database: Database
    store_folder: Path

    async def jobs(self) -> int:
        async with self.database.reading() as connection:
            return (await connection.execute(text("SELECT count(*) FROM job"))).scalar_one()

    def objects(self) -> list[Path]:
        """What the gateway has in the store."""
        return [path for path in (self.store_folder / "gateway").rglob("*") if path.is_file()]

    async def emptied(self) -> None:
        """Wait until every job is erased."""

        async def gone() -> bool:
            return await self.jobs() == 0

        await until(gone)


async def until(true: Callable[[], Any]) -> None:
    """Look again and again; the test's own timeout ends it."""
    for pause_s in itertools.repeat(0.02):
        answer = true()
        if (await answer) if inspect.isawaitable(answer) else answer:
            return
        await asyncio.sleep(pause_s)


@pytest.fixture
def edge_settings(gateway_database_settings, redis_settings, store_settings, trust_settings) -> GatewaySettings:
    return GatewaySettings(
        core=CoreSettings(
            database=gateway_database_settings,
            redis=redis_settings,
            store=store_settings,
            operations=OperationSettings(),
            log=LogSettings(),
            worker=WorkerSettings(),
        ),
        trust=trust_settings,
        edge=EdgeSettings(),
        upload=UploadSettings(max_upload_bytes=100_000),
        outside=OutsideSettings(),
        pipeline=PipelineSettings(),
    )


@pytest.fixture
async def edge(edge_settings, database, store_settings, store, hints):
    services = Services(Store(store_settings, "asr"), hints)
    operations = Operations(database, store, hints, OperationSettings())
    stub = StubPort(services)
    ports: dict[str, Any] = {"asr": stub, "translate": stub, "enhancer": stub, "optimizer": stub, "gateway": operations}
    memory = Memory(services.operations)
    forgetter = Forgetter(database=database, store=store, operations=operations, optimizer=stub, memory=memory)
    eraser = Eraser(database=database, store=store, ports=ports, pipeline=PIPELINE, forgetter=forgetter)
    lessons = Lessons(operations, PIPELINE, PipelineSettings())
    advancer = Advancer(
        database=database, ports=ports, eraser=eraser, pipeline=PIPELINE, settings=PipelineSettings(), lessons=lessons
    )
    async with (
        loopback(make_app(edge_settings)) as url,
        moving(database, advancer),
        AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=30) as client,
    ):
        yield Edge(client, services, database, Path(store_settings.url.removeprefix("file://")))
    await operations.close()


def recording(content: bytes = b"RIFF" * 100) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = "parle.wav"
    return file


async def transcribe(edge: Edge, **options: Any) -> Any:
    return await edge.client.audio.transcriptions.create(file=recording(), model="whisper-1", **options)


async def translate(edge: Edge, **options: Any) -> Any:
    return await edge.client.audio.translations.create(file=recording(), model="whisper-1", **options)


async def test_json_is_what_the_sdk_gives_without_being_asked_for_anything(edge):
    transcription = await transcribe(edge)
    assert transcription.text == "Bonjour Sarah. Au revoir."
    assert (transcription.usage.type, transcription.usage.seconds) == ("duration", 11)


async def test_text_comes_as_a_plain_string(edge):
    assert await transcribe(edge, response_format="text") == "Bonjour Sarah. Au revoir.\n"


@pytest.mark.parametrize("form", ["srt", "vtt"])
async def test_subtitles_have_a_cue_for_each_segment(edge, form):
    cues = parse(await transcribe(edge, response_format=form), form)
    assert [(cue.start_s, cue.end_s, cue.text) for cue in cues] == [(0, 1.5, "Bonjour Sarah."), (2, 3.5, "Au revoir.")]


async def test_verbose_json_has_segments_with_whispers_figures(edge):
    told = await transcribe(edge, response_format="verbose_json", temperature=0.2)
    assert (told.language, told.duration, told.text, told.words) == ("french", 10.2, "Bonjour Sarah. Au revoir.", None)
    assert [(each.id, each.start, each.end, each.text) for each in told.segments] == [
        (0, 0.0, 1.5, "Bonjour Sarah."),
        (1, 2.0, 3.5, "Au revoir."),
    ]
    first, second = told.segments
    assert (first.avg_logprob, first.no_speech_prob, first.temperature, first.tokens) == (-0.25, 0.02, 0.2, [])
    assert (second.seek, 0 < first.compression_ratio < 2) == (200, True)


async def test_words_come_where_they_are_asked_for(edge):
    told = await transcribe(edge, response_format="verbose_json", timestamp_granularities=["word"])
    assert [(each.word, each.start, each.end) for each in told.words] == [
        ("Bonjour", 0.0, 0.5),
        ("Sarah.", 1.0, 1.5),
        ("Au", 2.0, 2.5),
        ("revoir.", 3.0, 3.5),
    ]
    assert told.segments is None
    both = await transcribe(edge, response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert (len(both.words), len(both.segments)) == (4, 2)


async def test_what_is_asked_reaches_the_recogniser(edge):
    await edge.client.audio.transcriptions.create(
        file=recording(), model="whisper-small", language="fr", prompt="Sarah, Lyon", temperature=0.4, chunking_strategy="auto"
    )
    [request] = edge.services.asked(TranscriptionRequest)
    assert (request.language, request.overrides.model) == ("fr", "whisper-small")
    assert (request.overrides.prompt, request.overrides.temperature) == ("Sarah, Lyon", 0.4)


async def test_whisper_1_and_silence_about_the_rest_leave_all_to_setu(edge):
    await transcribe(edge)
    [request] = edge.services.asked(TranscriptionRequest)
    assert (request.language, request.overrides.model, request.overrides.prompt, request.overrides.temperature) == (
        None,
        None,
        "",
        None,
    )


@pytest.mark.parametrize(("form", "told"), [("text", "Good day. Goodbye.\n"), ("json", None), ("verbose_json", None)])
async def test_a_translation_is_in_english(edge, form, told):
    answer = await translate(edge, response_format=form, prompt="A farewell")
    assert (answer if told else f"{answer.text}\n") == "Good day. Goodbye.\n"
    if form == "verbose_json":
        assert (answer.language, answer.duration, [each.text for each in answer.segments]) == (
            "english",
            10.2,
            ["Good day.", "Goodbye."],
        )
    [request] = edge.services.asked(TranscriptionRequest)
    assert request.overrides.prompt == ""


@pytest.mark.parametrize("form", ["srt", "vtt"])
async def test_translated_subtitles_keep_the_times_of_the_speech(edge, form):
    cues = parse(await translate(edge, response_format=form), form)
    assert [(cue.start_s, cue.text) for cue in cues] == [(0, "Good day."), (2, "Goodbye.")]


async def test_english_speech_is_its_own_translation(edge):
    edge.services.language = "en"
    assert (await translate(edge)).text == "Bonjour Sarah. Au revoir."


async def test_where_no_engine_translates_the_recogniser_does(edge):
    refuse = Problem(title="No", status=422, code="language-pair-unsupported", detail="No engine knows it.")
    original = edge.services.operations.succeed

    def succeed(operation_id, result):
        if edge.services.operations.operations[operation_id].kind == "translations":
            edge.services.operations.fail(operation_id, refuse)
        else:
            original(operation_id, result)

    edge.services.operations.succeed = succeed
    assert (await translate(edge)).text == "Good day. Goodbye."
    assert len(edge.services.asked(SpeechTranslationRequest)) == 1


@pytest.mark.parametrize(
    ("options", "kind", "told", "says"),
    [
        ({"model": "whisper-huge"}, openai.NotFoundError, ("model_not_found", "model"), "whisper-base"),
        ({"response_format": "diarized_json"}, openai.BadRequestError, ("invalid-request", "response_format"), "verbose_json"),
        ({"temperature": 1.5}, openai.BadRequestError, ("invalid-request", "temperature"), "0 to 1"),
        ({"language": "klingon"}, openai.BadRequestError, ("invalid-request", "language"), "'hi'"),
        (
            {"timestamp_granularities": ["word"]},
            openai.BadRequestError,
            ("invalid-request", "timestamp_granularities"),
            "verbose_json",
        ),
        ({"stream": True}, openai.BadRequestError, ("invalid-request", "stream"), "not streamed"),
        ({"include": ["logprobs"]}, openai.BadRequestError, ("invalid-request", "include"), "not kept"),
        ({"extra_body": {"speed": "2"}}, openai.BadRequestError, ("unknown-field", None), "'speed'"),
        ({"file": recording(b"")}, openai.BadRequestError, ("media-empty", None), "'file'"),
        ({"file": recording(b"x" * 100_001)}, openai.APIStatusError, ("upload-too-large", None), "100000"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_what_cannot_be_taken_is_told_as_openai_tells_it_and_leaves_nothing(edge, options, kind, told, says):
    with pytest.raises(kind, match=says) as failure:
        await edge.client.audio.transcriptions.create(**({"file": recording(), "model": "whisper-1"} | options))
    error = failure.value
    assert (error.code, error.param, error.type) == (*told, "invalid_request_error")
    assert error.response.headers["x-should-retry"] == "false"
    assert error.response.headers["x-request-id"]
    assert (edge.objects(), await edge.jobs()) == ([], 0)


@pytest.mark.parametrize(
    ("status", "retryable", "kind", "told"),
    [
        (422, False, openai.BadRequestError, "invalid_request_error"),
        (503, True, openai.InternalServerError, "server_error"),
        (502, False, openai.InternalServerError, "server_error"),
    ],
)
async def test_a_recording_that_cannot_be_transcribed_is_told_with_its_cause(edge, status, retryable, kind, told):
    edge.services.problem = Problem(
        title="No", status=status, code="media-unreadable", detail="Convert it to MP3.", retryable=retryable, retry_after_s=2
    )
    with pytest.raises(kind, match=r"Convert it to MP3\.") as failure:
        await transcribe(edge)
    assert (failure.value.code, failure.value.type) == ("media-unreadable", told)
    assert failure.value.response.headers["x-should-retry"] == ("true" if retryable else "false")
    assert failure.value.response.headers["retry-after"] == "2"


async def test_silence_is_an_empty_answer_in_every_format(edge):
    edge.services.problem = Problem(title="No", status=422, code="no-speech", detail="-", context={"duration_s": 3.4})
    assert (await transcribe(edge)).text == ""
    assert await transcribe(edge, response_format="text") == "\n"
    assert parse(await transcribe(edge, response_format="srt"), "srt") == ()
    assert (await transcribe(edge, response_format="vtt")).startswith("WEBVTT")
    verbose = await transcribe(edge, response_format="verbose_json", language="fr")
    assert (verbose.language, verbose.duration, verbose.segments, math.ceil(verbose.usage.seconds)) == ("french", 3.4, [], 4)


async def test_nothing_is_left_once_it_is_answered(edge):
    await transcribe(edge)
    await translate(edge)

    await edge.emptied()
    assert (edge.objects(), edge.services.operations.operations) == ([], {})


async def test_who_leaves_ends_his_job_and_it_is_erased(edge):
    edge.services.hold = True
    call = asyncio.create_task(transcribe(edge))

    await until(lambda: edge.services.asked(TranscriptionRequest))
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    await edge.emptied()
    assert edge.services.operations.cancelled
    assert edge.objects() == []


async def test_many_calls_at_once_each_get_their_own(edge):
    texts = await asyncio.gather(*(transcribe(edge, response_format="text") for _ in range(8)))
    assert set(texts) == {"Bonjour Sarah. Au revoir.\n"}
