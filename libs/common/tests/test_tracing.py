"""Traces: whose they are, what they tell and what not, and that nobody waits for whoever collects them."""

import subprocess
import sys
import threading
from contextlib import asynccontextmanager
from urllib.parse import unquote
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr, ValidationError

from setu_common.errors import InvalidRequest
from setu_common.http import create_client
from setu_common.observability import spans, tracing
from setu_common.observability.spans import OpenTelemetry
from setu_common.observability.tracing import Untraced, configure_tracing
from setu_common.settings import TracingSettings
from setu_common.testing import loopback
from setu_common.web import InsideTrust, create_app
from testbed.collector import collecting

TOKEN = "a-token-of-sixteen-characters"
AWAY = TracingSettings(exporter_otlp_endpoint="http://127.0.0.1:9")


class Process:
    """One process's tracing, and what it would send."""

    def __init__(self, service: str = "some") -> None:
        self._exporter = InMemorySpanExporter()
        self.tracing = OpenTelemetry(AWAY, service, self._exporter)

    def sent(self) -> list:
        self.tracing._batches.force_flush()
        return list(self._exporter.get_finished_spans())


@pytest.fixture
def process(monkeypatch):
    made = Process()
    monkeypatch.setattr(tracing._Process, "tracing", made.tracing)
    yield made
    made.tracing.close()


def test_every_process_finds_a_jobs_trace_and_its_first_step_by_the_jobs_id_alone():
    job, gateway, worker, later = uuid4(), Process(), Process(), Process()
    for each in (worker, gateway, later):  # in no order
        if each is gateway:
            each.tracing.begin(job, "job")
        else:
            with each.tracing.span("transcriptions", "consumer", of=job):
                pass
    (first,), attempts = gateway.sent(), [*worker.sent(), *later.sent()]
    assert UUID(int=first.context.trace_id) == job
    assert first.parent is None
    assert {(each.context.trace_id, each.parent.span_id) for each in attempts} == {(job.int, first.context.span_id)}
    assert len({each.context.span_id for each in (first, *attempts)}) == 3


def test_the_first_step_takes_as_long_as_the_request_and_each_says_which_the_other_is(process):
    job = uuid4()
    with process.tracing.span("POST /jobs", "server"):
        process.tracing.begin(job, "job", {tracing.JOB_ID: str(job)})
    first, request = process.sent()
    assert first.start_time == request.start_time
    assert [link.context.span_id for link in first.links] == [request.context.span_id]
    assert request.attributes[tracing.JOB_ID] == str(job)
    assert request.context.trace_id != first.context.trace_id


def test_an_error_is_told_by_its_code_or_class_and_never_by_its_words(process):
    for error, kind in ((InvalidRequest("He said: go home"), "invalid-request"), (KeyError("go home"), "KeyError")):
        with pytest.raises(type(error)), process.tracing.span("work"):
            raise error
        told = process.sent()[-1]
        assert told.attributes["error.type"] == kind
        assert not told.status.is_ok
        assert "go home" not in told.to_json()
        assert told.events == ()


@pytest.mark.parametrize("sampler", ["parentbased_traceidratio", "traceidratio"])
def test_of_many_jobs_an_even_share_is_sampled_and_each_as_a_whole(monkeypatch, sampler):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.25")
    gateway, worker = Process(), Process()
    jobs = [UUID(int=(0x9E3779B97F4A7C15F39CC0605CEDC835 * number) % (1 << 128), version=4) for number in range(1, 1001)]
    for job in jobs:
        gateway.tracing.begin(job, "job")
        with worker.tracing.span("transcriptions", of=job):
            pass
    firsts, attempts = ({each.context.trace_id for each in of.sent()} for of in (gateway, worker))
    assert firsts == attempts
    assert 150 < len(firsts) < 350


async def test_a_call_hands_its_step_on_and_the_service_goes_on_from_there_without_the_query(process):
    router = APIRouter()

    @router.get("/v1/things/{number}")
    async def thing(number: int) -> dict[str, str]:
        return dict(tracing.tracing().carried())

    app = a_service(router)
    async with loopback(app) as url, create_client(url, service_token=None) as client:
        with process.tracing.span("translations", of=uuid4()):
            answer = await client.get(
                "/v1/things/7", params={"text": "gohome"}, headers={"Authorization": f"Bearer {TOKEN}", "baggage": "a=b"}
            )
        await client.get("/healthz")
    served, called, attempt, probing = process.sent()
    assert (served.name, served.parent.span_id) == ("GET /v1/things/{number}", called.context.span_id)
    assert (called.name, called.parent.span_id) == ("GET", attempt.context.span_id)
    assert called.attributes["url.path"] == "/v1/things/7"
    assert called.attributes["http.response.status_code"] == 200
    assert set(answer.json()) == {"traceparent"}
    assert answer.json()["traceparent"].split("-")[1:3] == [f"{served.context.trace_id:032x}", f"{served.context.span_id:016x}"]
    assert "gohome" not in "".join(each.to_json() for each in (served, called, attempt))
    assert probing.attributes["url.path"] == "/healthz"  # the call; it is not a step at the service


def a_service(router: APIRouter):
    @asynccontextmanager
    async def lifespan(_app):
        yield

    return create_app(
        service="some", version="1", lifespan=lifespan, routers=[router], trust=InsideTrust(SecretStr(TOKEN)), checks={}
    )


class Stuck(SpanExporter):
    """A collector that takes a delivery and never answers."""

    def __init__(self) -> None:
        self.holds = threading.Event()
        self.let_go = threading.Event()

    def export(self, spans) -> SpanExportResult:
        self.holds.set()
        self.let_go.wait()
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        pass


def test_a_collector_that_never_answers_holds_up_neither_work_nor_the_end_of_a_process(monkeypatch):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "600")
    monkeypatch.setattr(spans, "_SHUTDOWN_S", 0.05)
    stuck = Stuck()
    made = OpenTelemetry(AWAY, "some", stuck)
    try:
        for _ in range(2000):
            with made.span("work"):
                pass
        assert stuck.holds.wait(10)
        assert len(made._batches._batch_processor._queue) <= 600
        made.close()
        assert not stuck.let_go.is_set()
    finally:
        stuck.let_go.set()


def test_that_the_collector_is_away_is_said_once_and_that_it_is_back():
    class Sender(InMemorySpanExporter):
        result = SpanExportResult.FAILURE

        def export(self, _spans) -> SpanExportResult:
            return self.result

    sender = Sender()
    delivery = spans._Delivery(sender)
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(spans.log, "warning", lambda event, **_: said.append(event), raising=False)
        patched.setattr(spans.log, "info", lambda event, **_: said.append(event), raising=False)
        for result in (SpanExportResult.FAILURE, SpanExportResult.FAILURE, SpanExportResult.SUCCESS, SpanExportResult.SUCCESS):
            sender.result = result
            assert delivery.export([]) is result
    assert said == ["tracing.collector_away", "tracing.collector_back"]


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, None),
        ({"exporter_otlp_endpoint": "http://c:4318/"}, "http://c:4318/v1/traces"),
        ({"exporter_otlp_endpoint": "http://c:4318", "exporter_otlp_traces_endpoint": "http://t/x"}, "http://t/x"),
        ({"exporter_otlp_endpoint": "http://c:4318", "sdk_disabled": True}, None),
    ],
)
def test_spans_are_sent_where_the_settings_say_or_nowhere(settings, url):
    assert TracingSettings(**settings).url == url


def test_a_collector_is_told_what_it_wants_to_know_of_a_file_and_of_traces_what_is_meant_for_them(monkeypatch, tmp_path):
    monkeypatch.setenv("SETU_SECRETS_FOLDER", str(tmp_path))
    (tmp_path / "OTEL_EXPORTER_OTLP_HEADERS").write_text("api-key=k%20y,X-Tenant=acme\n")
    with collecting() as collector:
        for told in (None, "api-key=another"):
            if told is not None:
                monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", told)
            settings = TracingSettings(exporter_otlp_endpoint=collector.url)
            sender = OpenTelemetry(settings, "some")
            with sender.span("work"):
                pass
            sender.close()
            assert "k%20y" not in repr(settings)
    of_all, of_traces = collector.headers
    assert (of_all["api-key"], of_all["x-tenant"]) == ("k y", "acme")
    assert (of_traces["api-key"], "x-tenant" in of_traces) == ("another", False)


@pytest.mark.parametrize(
    "told",
    [
        "sk-live-SECRET",
        'authorization=Bearer "SECRET"',
        "a=b\nx-key=SECRET",
        "x-key=SECRET,SECRET",
        "x-key=SECRET;a=b",
        "x-key=SECRET%0Aa:b",
        "x-key=SECRET%E2%82%AC",
        "x key=SECRET",
        "=SECRET",
    ],
)
@pytest.mark.parametrize("name", ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"])
def test_what_a_collector_cannot_be_told_is_refused_without_being_repeated(monkeypatch, caplog, name, told):
    monkeypatch.setenv(name, told)
    with pytest.raises(ValidationError, match="name=value,name=value") as raised:
        OpenTelemetry(TracingSettings(exporter_otlp_endpoint="http://127.0.0.1:9"), "some")
    assert "SECRET" not in f"{raised.value}{raised.value!r}{caplog.text}"


@pytest.mark.parametrize("told", ["Authorization=Basic dTpw==", "a=b, c = d e ,", "x-key=100%25%2C%C3%A9", "x-key="])
def test_what_a_collector_can_be_told_comes_to_it_and_into_no_log(monkeypatch, caplog, told):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", told)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "sk-live-SECRET")  # does not count beside the other
    with collecting() as collector:
        sender = OpenTelemetry(TracingSettings(exporter_otlp_endpoint=collector.url), "some")
        with sender.span("work"):
            pass
        sender.close()
    (headers,) = collector.headers
    parts = [part.partition("=") for part in told.strip().split(",") if part.strip()]
    assert [headers[name.strip().lower()] for name, _, _ in parts] == [unquote(value).strip() for _, _, value in parts]
    assert caplog.text == ""


def test_settings_that_stand_empty_in_a_file_are_none(monkeypatch):
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_TIMEOUT"):
        monkeypatch.setenv(name, "")
    assert TracingSettings().url is None


def test_without_a_collector_nothing_is_traced_and_what_traces_is_not_even_imported():
    code = """
import sys
from setu_common.observability.tracing import configure_tracing, tracing, Untraced
from setu_common.settings import TracingSettings
import setu_common.web, setu_common.operations, setu_common.http
configure_tracing(TracingSettings(), "some")
assert isinstance(tracing(), Untraced)
NOT_WANTED = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "google.protobuf", "requests", "setu_common.observability.spans")
print([name for name in sys.modules if name.startswith(NOT_WANTED)])
import setu_common.observability.spans
assert "opentelemetry.sdk.trace" in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_service_without_the_extra_says_so_and_works(monkeypatch):
    monkeypatch.setattr(tracing._Process, "tracing", Untraced())
    monkeypatch.setitem(sys.modules, "setu_common.observability.spans", None)
    configure_tracing(AWAY, "some")
    assert isinstance(tracing.tracing(), Untraced)


def test_untraced_requests_pass_on_the_trace_that_they_came_with():
    router = APIRouter()

    @router.get("/v1/things")
    async def thing() -> dict[str, str]:
        with tracing.tracing().span("nothing") as span:
            span.note({"a": 1})
            span.failed("x")
        return dict(tracing.tracing().carried())

    with TestClient(a_service(router)) as client:
        assert client.get("/v1/things", headers={"Authorization": f"Bearer {TOKEN}"}).json() == {}
