"""``Tracing`` by OpenTelemetry: the only module that imports it. See ``tracing`` for what traces are.

Spans are sent in batches by a thread, from a queue that has a limit: where the collector is slow or away they are dropped, and no work waits.
"""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.re import parse_env_headers
from opentelemetry.util.types import Attributes as OtelAttributes

from setu_common.observability.tracing import NOTHING, Attributes, Kind, Span, failure_of
from setu_common.settings import TracingSettings

log = structlog.get_logger()

_KINDS: Final[Mapping[Kind, SpanKind]] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_SHUTDOWN_S: Final = 2.0
_PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_QUERY: Final = "url.query"
_ERROR: Final = "error.type"
_PROPAGATOR: Final = TraceContextTextMapPropagator()  # and no baggage, which strangers may have sent
# Says for each batch what `_Delivery` says once.
_EXPORTER_LOG: Final = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


class OpenTelemetry:
    """See ``Tracing``. Its threads begin here: make it after the fork.

    OpenTelemetry's global provider is left alone, so that no library's own instrumentation sends anything through it: some put texts into it.

    Args:
        settings: where spans are sent.
        service: what this process is called.
        exporter: instead of one that sends them there.
    """

    def __init__(self, settings: TracingSettings, service: str, exporter: SpanExporter | None = None) -> None:
        self._ids = _Ids()
        resource = Resource.create({SERVICE_NAMESPACE: "setu", SERVICE_NAME: f"setu-{service}"})
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.sampler = _Even(self._provider.sampler)
        self._batches = BatchSpanProcessor(_Delivery(exporter or _sender(settings)))
        self._provider.add_span_processor(_Discretion())
        self._provider.add_span_processor(self._batches)
        self._tracer = self._provider.get_tracer("setu")

    @contextmanager
    def span(
        self, name: str, kind: Kind = "internal", attributes: Attributes = NOTHING, *, of: UUID | None = None
    ) -> Iterator[Span]:
        """See ``Tracing``."""
        context = self._within(of) if of is not None else None
        with self._started(name, _KINDS[kind], attributes, context) as started:
            span = _Live(started)
            try:
                yield span
            except BaseException as error:
                span.failed(failure_of(error))
                raise

    def begin(self, whole: UUID, name: str, attributes: Attributes = NOTHING) -> None:
        """See ``Tracing``."""
        around = trace.get_current_span()
        since = around.start_time if isinstance(around, ReadableSpan) else None
        links = [Link(around.get_span_context())] if around.get_span_context().is_valid else []
        with self._ids.given(whole.int, _first(whole)):
            first = self._tracer.start_span(
                name, Context(), kind=SpanKind.PRODUCER, attributes=_told(attributes), links=links, start_time=since
            )
        first.end()
        around.set_attributes(_told(attributes))

    def carried(self) -> Mapping[str, str]:
        """See ``Tracing``."""
        headers: dict[str, str] = {}
        _PROPAGATOR.inject(headers)
        return headers

    def of_requests(self) -> Mapping[str, Any]:  # Any: see Tracing
        """See ``Tracing``."""
        return {
            "tracer_provider": self._provider,
            "metrics": False,  # Prometheus is told of those
            "logs": False,  # they would hold messages of errors
            "operation_spans": False,
            "auto_configure": False,
            "exclude": lambda scope: scope.get("path") in _PROBES,
        }

    def close(self) -> None:
        """See ``Tracing``. The thread that sends is left to the end of the process where the collector holds it."""
        closing = threading.Thread(target=self._provider.shutdown, name="tracing", daemon=True)
        closing.start()
        closing.join(_SHUTDOWN_S)

    def _started(
        self, name: str, kind: SpanKind, attributes: Attributes, context: Context | None
    ) -> AbstractContextManager[trace.Span]:
        return self._tracer.start_as_current_span(
            name, context, kind=kind, attributes=_told(attributes), record_exception=False, set_status_on_exception=False
        )

    def _within(self, whole: UUID) -> Context:
        """Below the first span of a job's trace, which another process may have made, or will."""
        sampled = self._provider.sampler.should_sample(None, whole.int, "").decision is Decision.RECORD_AND_SAMPLE
        flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
        return trace.set_span_in_context(
            NonRecordingSpan(SpanContext(whole.int, _first(whole), is_remote=True, trace_flags=flags)), Context()
        )


class _Live:
    """See ``Span``."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(_told(attributes))

    def failed(self, kind: str) -> None:
        self._span.set_attribute(_ERROR, kind)
        self._span.set_status(StatusCode.ERROR)


class _Ids(RandomIdGenerator):
    """Random ids, but for spans whose ids are known beforehand."""

    def __init__(self) -> None:
        self._given: ContextVar[tuple[int, int] | None] = ContextVar("setu_span_ids", default=None)

    @contextmanager
    def given(self, trace_id: int, span_id: int) -> Iterator[None]:
        token = self._given.set((trace_id, span_id))
        try:
            yield
        finally:
            self._given.reset(token)

    def generate_trace_id(self) -> int:
        given = self._given.get()
        return given[0] if given is not None else super().generate_trace_id()

    def generate_span_id(self) -> int:
        given = self._given.get()
        return given[1] if given is not None else super().generate_span_id()


class _Even(Sampler):
    """A sampler that takes an even share of jobs. The SDK's own would not: it looks at the half of the id that has a UUID's variant in it."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def should_sample(  # noqa: PLR0917  (see Sampler)
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: OtelAttributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        mixed = int.from_bytes(blake2b(trace_id.to_bytes(16, "big"), digest_size=16).digest(), "big")
        return self._sampler.should_sample(parent_context, mixed, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return self._sampler.get_description()


class _Discretion(SpanProcessor):
    """Takes queries of requests out: they may hold what people search for."""

    def on_start(self, span: SdkSpan, parent_context: Context | None = None) -> None:  # noqa: ARG002
        if span.attributes is not None and _QUERY in span.attributes:
            span.set_attribute(_QUERY, "REDACTED")


class _Delivery(SpanExporter):
    """Says once that the collector is away, and once that it is back."""

    def __init__(self, sender: SpanExporter) -> None:
        self._sender = sender
        self._away = False
        logging.getLogger(_EXPORTER_LOG).setLevel(logging.CRITICAL)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._sender.export(spans)
        away = result is not SpanExportResult.SUCCESS
        if away and not self._away:
            log.warning("tracing.collector_away", spans=len(spans))
        elif self._away and not away:
            log.info("tracing.collector_back")
        self._away = away
        return result

    def shutdown(self) -> None:
        self._sender.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._sender.force_flush(timeout_millis)


def _sender(settings: TracingSettings) -> SpanExporter:
    told = settings.exporter_otlp_headers
    # In OpenTelemetry's own form: values may be written as in URLs.
    headers = parse_env_headers(told.get_secret_value(), liberal=True) if told is not None else None
    return OTLPSpanExporter(endpoint=settings.url, timeout=settings.exporter_otlp_timeout, headers=headers)


def _first(whole: UUID) -> int:
    """The id of the first span of a job's trace."""
    return int.from_bytes(blake2b(whole.bytes, digest_size=8).digest(), "big") or 1


def _told(attributes: Attributes) -> dict[str, str | int | float | bool | Sequence[str]]:
    return {name: value for name, value in attributes.items() if value is not None}
