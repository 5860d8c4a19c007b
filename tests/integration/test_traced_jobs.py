"""One job is one trace: from the gateway's processes to a service's, its worker's, and the language model's server."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import pytest

from setu_cli.embedded.guarded import Guarded
from setu_cli.embedded.ports import free_port
from setu_common.clients import GatewayClient
from setu_common.contracts import JobRequest, JobState, JobView
from setu_common.http import HttpCaller, create_client
from setu_common.testing import faulty_wire
from setu_common.testing.dialects import Asked
from setu_common.testing.faulty import Fault, in_order
from setu_common.testing.openai_wire import OpenAiWire
from testbed.collector import Collector, Told, collecting
from testbed.serving import launch, ready, served

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
STUB = "setu_gateway.testing.stub_services"
FRENCH = ("Bonjour.", "Au revoir.")
SAID = "IT IS SAID IN ENGLISH"
CANCELLED = "CancelledError"


@dataclass
class Running:
    client: GatewayClient
    collector: Collector
    folder: Path
    database_url: str

    async def done(self) -> JobView:
        recording = self.folder / "parle.wav"
        recording.write_bytes(b"RIFF")
        job = await self.client.submit_job(recording, JobRequest(target_languages=("en",)))
        return [view async for view in self.client.events(job.id)][-1]

    async def trace_with(self, job: JobView, *names: str) -> list[Told]:
        """The job's trace, once these are in it, and what moved the job has ended: a moment after the job."""
        for _ in range(400):
            spans = self.collector.trace(job.id.hex)
            ended = any(span.name == "advances" and span.attributes["setu.outcome"] == "succeeded" for span in spans)
            if ended and {span.name for span in spans} >= set(names):
                return spans
            await asyncio.sleep(0.05)
        raise AssertionError(sorted({span.name for span in self.collector.trace(job.id.hex)}))


@contextmanager
def processes(environment: Mapping[str, str], folder: Path) -> Iterator[str]:
    """The gateway's URL, while it runs with its worker, the translate service with its worker, and stubs of the others."""
    port = free_port()
    stub = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        guarded = stack.enter_context(Guarded(folder / "guardian-of-others.log"))
        guarded.start_ready(launch((STUB, "--port", str(port)), environment, folder), lambda _: ready(port), timeout_s=60)
        translate = stack.enter_context(served("setu_translate.main", environment, folder, timeout_s=60))
        told = {
            **environment,
            "SETU_GATEWAY_ASR_URL": stub,
            "SETU_GATEWAY_TRANSLATE_URL": translate,
            "SETU_GATEWAY_ENHANCER_URL": stub,
            "SETU_GATEWAY_OPTIMIZER_URL": stub,
        }
        url = stack.enter_context(served("setu_gateway.main", told, folder, timeout_s=60))
        for module in ("setu_gateway.worker", "setu_translate.worker"):
            is_ready = folder / f"{module}-ready"
            worker = launch((module,), {**told, "SETU_WORKER_READY_FILE": str(is_ready)}, folder)
            guarded.start_ready(worker, partial(stands, is_ready), timeout_s=60)
        yield url


def stands(file: Path, _process: object) -> bool:
    return file.exists()


@pytest.fixture
async def running(service_environment, database_settings, tmp_path) -> AsyncIterator[Running]:
    with collecting() as collector:
        async with faulty_wire(OpenAiWire(in_order(Fault.SERVER_ERROR), say=in_english, cut=late)) as wire:
            environment = {
                **service_environment,
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
                "OTEL_BSP_SCHEDULE_DELAY": "100",
                "SETU_STAGE_SAMPLING_S": "0.05",
                "SETU_TRANSLATE_LLM_URL": f"{wire.url}/v1",
                "SETU_TRANSLATE_LLM_MODEL": "some-model",
                "SETU_TRANSLATE_LLM_STYLE": "completion",
            }
            with ExitStack() as stack:
                url = stack.enter_context(processes(environment, tmp_path))
                async with create_client(url, service_token=None) as http:
                    yield Running(GatewayClient(HttpCaller(http)), collector, tmp_path, database_settings.url)


async def late(body: bytes) -> AsyncIterator[bytes]:
    """So late, where it is an answer, that the other line's call is under way when the first fails, and is ended with it."""
    if b"error" not in body:
        await asyncio.sleep(0.5)
    yield body


def in_english(_asked: Asked) -> str:
    return f" {SAID}"


def one(spans: list[Told], name: str, **attributes: object) -> Told:
    """The only span of that name, and with these attributes (``_`` for ``.``)."""
    found = [
        span
        for span in spans
        if span.name == name and all(span.attributes.get(key.replace("__", ".")) == value for key, value in attributes.items())
    ]
    assert len(found) == 1, (name, attributes, [(span.name, span.attributes) for span in spans])
    return found[0]


def above(spans: list[Told], span: Told) -> list[str]:
    """The names of the spans that it lies in, the nearest first."""
    by_id = {each.span_id: each for each in spans}
    names = []
    while (span := by_id.get(span.parent_id)) is not None:  # type: ignore[assignment]  # None ends it
        names.append(span.name)
    return names


async def test_a_job_is_one_trace_from_the_gateway_to_the_models_server(running):
    job = await running.done()
    assert job.state is JobState.SUCCEEDED, job
    assert job.degraded == (), job
    spans = await running.trace_with(job, "job", "translations", "renderings", "text_completion some-model")
    the_job(job, spans, running.collector)
    the_way_to_the_service(spans)
    the_calls_of_the_model(spans)
    everything_is_in_it_and_nothing_that_was_said(job, spans, running.collector)
    await what_it_took_was_sampled_in_the_workers_children(running.database_url)


def the_job(job: JobView, spans: list[Told], collector: Collector) -> None:
    first = one(spans, "job")
    assert (first.service, first.kind, first.parent_id) == ("setu-gateway", "producer", "")
    assert first.attributes["setu.job_id"] == str(job.id)
    (request,) = [span for span in collector.spans if span.name == "POST /jobs"]
    assert first.links == (request.trace_id,)
    assert request.attributes["setu.job_id"] == str(job.id)
    assert first.took_ns <= request.took_ns


def the_way_to_the_service(spans: list[Told]) -> None:
    submitted = one(spans, "POST /v1/translations")
    assert (submitted.service, submitted.kind) == ("setu-translate", "server")
    assert above(spans, submitted) == ["POST", "advances", "job"]
    moved = [span for span in spans if span.name == "advances"]
    assert {(span.service, span.kind) for span in moved} == {("setu-gateway-worker", "consumer")}
    assert {span.attributes["setu.outcome"] for span in moved} == {"parked", "succeeded"}
    assert len({span.attributes["setu.operation_id"] for span in moved}) == 1
    for name, service in (("translations", "setu-translate-worker"), ("renderings", "setu-gateway-worker")):
        attempt = next(span for span in spans if span.name == name)
        assert (attempt.service, attempt.kind) == (service, "consumer")
        assert above(spans, attempt) == ["job"]
        assert attempt.attributes["setu.attempt"] == 1


def the_calls_of_the_model(spans: list[Told]) -> None:
    calls = [span for span in spans if span.name == "text_completion some-model"]
    assert {tuple(above(spans, call)) for call in calls} == {("translations", "job")}
    ended = [call for call in calls if call.attributes.get("error.type") != CANCELLED]
    (failed,) = [call for call in ended if call.failed]
    assert failed.attributes["error.type"] == "llm-unavailable"
    good = [call for call in calls if not call.failed]
    assert good
    for call in good:
        assert call.kind == "client"
        assert call.attributes["gen_ai.operation.name"] == "text_completion"
        assert call.attributes["gen_ai.request.model"] == "some-model"
        assert call.attributes["gen_ai.response.finish_reasons"] in (["stop"], ["length"])
        assert min(int(str(call.attributes[f"gen_ai.usage.{each}_tokens"])) for each in ("input", "output")) > 0
    on_the_wire = [span for span in spans if span.attributes.get("url.path") == "/v1/completions"]
    asked = [span.parent_id for span in on_the_wire]
    assert len(asked) == len(set(asked))
    assert {call.span_id for call in ended} <= set(asked) <= {call.span_id for call in calls}


def everything_is_in_it_and_nothing_that_was_said(job: JobView, spans: list[Told], collector: Collector) -> None:
    known = {span.span_id for span in spans}
    assert [span.name for span in spans if span.parent_id and span.parent_id not in known] == []
    elsewhere = [span for span in collector.spans if span.trace_id != job.id.hex]
    assert {span.name for span in elsewhere} <= {"POST /jobs", "GET /jobs/{id}", "GET /jobs/{id}/events"}
    everything = b"".join(collector.raw)
    for text in (*FRENCH, SAID):
        assert text.encode() not in everything


async def what_it_took_was_sampled_in_the_workers_children(database_url: str) -> None:
    rows: list[tuple[str, int, int]] = []
    async with asyncio.timeout(20):
        while not {"translations", "renderings"} <= {stage for stage, _, _ in rows}:  # each is written a moment after its end
            rows = sampled(database_url)
            await asyncio.sleep(0.05)
    for _, mean_bytes, peak_bytes in rows:
        assert 20_000_000 < mean_bytes <= peak_bytes


def sampled(database_url: str) -> list[tuple[str, int, int]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT stage, mean_rss_bytes, peak_rss_bytes FROM ledger.stage_metrics").fetchall()
