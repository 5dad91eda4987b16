"""A collector for tests: takes OTLP over HTTP, and keeps what it is told of each span."""

import gzip
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True, slots=True)
class Seen:
    """One span, and who told of it. Ids are in hexadecimal; a root has an empty `parent`; `links`
    are ids of spans, maybe of other traces; `events` are the attributes of what happened in it."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, str]
    links: frozenset[str]
    events: tuple[dict[str, str], ...]


class Collector:
    """`with collecting() as collector: collector.url; collector.spans`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[Seen] = []

    def trace(self, id: str) -> list[Seen]:
        """Every span of a trace that has arrived by now."""
        return [span for span in tuple(self.spans) if span.trace == id]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port of loopback, until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        collector = server.collector = Collector(f"http://127.0.0.1:{server.server_port}")
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield collector
        finally:
            server.shutdown()
            serving.join()


class _Server(ThreadingHTTPServer):
    collector: Collector


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.collector.spans += _read(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def _read(request: ExportTraceServiceRequest) -> Iterator[Seen]:
    for resource in request.resource_spans:
        service = _texts(resource.resource.attributes)["service.name"]
        for scope in resource.scope_spans:
            yield from (_seen(service, span) for span in scope.spans)


def _seen(service: str, span: Span) -> Seen:
    return Seen(
        service, span.name, Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        span.trace_id.hex(), span.span_id.hex(),
        span.parent_span_id.hex(), _texts(span.attributes),
        frozenset(link.span_id.hex() for link in span.links),
        tuple(_texts(event.attributes) for event in span.events),
    )  # fmt: skip


def _texts(pairs: Iterable[KeyValue]) -> dict[str, str]:
    return {pair.key: _text(pair) for pair in pairs}


def _text(pair: KeyValue) -> str:
    kind = pair.value.WhichOneof("value")
    return str(getattr(pair.value, kind)) if kind else ""
