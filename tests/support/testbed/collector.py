"""A collector of OpenTelemetry's: OTLP over HTTP, as spans are sent to it."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1 import trace_pb2

PATH = "/v1/traces"


@dataclass(frozen=True)
class Told:
    """A span as it arrived. Ids in hexadecimal; ``links`` are trace ids."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, object]
    failed: bool
    links: tuple[str, ...]
    took_ns: int


@dataclass
class Collector:
    """What arrived.

    Args:
        url: its base URL.
    """

    url: str = ""
    spans: list[Told] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def take(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Decode a delivery."""
        request = ExportTraceServiceRequest.FromString(body)
        with self.arrived:
            self.raw.append(body)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            for resource in request.resource_spans:
                service = str(_plain(_of(resource.resource.attributes)["service.name"]))
                self.spans += [_told(service, span) for scope in resource.scope_spans for span in scope.spans]
            self.arrived.notify_all()

    def trace(self, trace_id: str) -> list[Told]:
        """The spans of one trace."""
        with self.arrived:
            return [span for span in self.spans if span.trace_id == trace_id]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector for the time of the block."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == PATH:
                collector.take(body, dict(self.headers))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200 if self.path == PATH else 404)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _told(service: str, span: trace_pb2.Span) -> Told:
    return Told(
        service=service,
        name=span.name,
        kind=trace_pb2.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        attributes={name: _plain(value) for name, value in _of(span.attributes).items()},
        failed=span.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
        links=tuple(link.trace_id.hex() for link in span.links),
        took_ns=span.end_time_unix_nano - span.start_time_unix_nano,
    )


def _of(pairs: object) -> dict[str, AnyValue]:
    return {pair.key: pair.value for pair in pairs}  # type: ignore[attr-defined]  # protobuf's containers are not annotated


def _plain(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(each) for each in value.array_value.values]
    return getattr(value, kind) if kind else None
