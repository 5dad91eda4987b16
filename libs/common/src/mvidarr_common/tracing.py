"""Spans, and the trace context that every envelope carries from the first request to the last fact.

Without a collector spans are not recorded, and the context is passed on all the same.
"""

import os
import secrets
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from .envelope import Envelope

Attributes = dict[str, str | int | float | bool]
LINKS = 128
"""What one span points at: more than that many none keeps."""
_propagator = TraceContextTextMapPropagator()


@contextmanager
def exporting(endpoint: str | None, services: str) -> Iterator[None]:
    """Send spans to an OTLP/HTTP collector until the end, where there is one. A process of one
    service has that one's name, one of several is MVidarr itself."""
    if endpoint is None:
        yield
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    provider = TracerProvider(resource=Resource.create(_resource(services)))
    url = endpoint.rstrip("/").removesuffix("/v1/traces") + "/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url)))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


def recording() -> bool:
    """Whether spans of this process are sent anywhere."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    *,
    parent: str | None = None,
    points_at: Iterable[str] = (),
    attributes: Attributes | None = None,
) -> Iterator[Span]:
    """A span below `parent`, a traceparent, or else below the current one; linked to `parent`, and
    to what it `points_at`. Where nobody records, the context is passed on and nothing else is
    done."""
    context = _context(parent)
    if not recording():
        with _within(context):
            yield trace.INVALID_SPAN
        return
    linked = [_context(each) for each in (parent, *islice(points_at, LINKS))]
    links = [trace.Link(trace.get_current_span(each).get_span_context()) for each in linked if each]
    tracer = trace.get_tracer("mvidarr")
    with tracer.start_as_current_span(
        name,
        context,
        kind,
        attributes,
        links,
        record_exception=False,
        set_status_on_exception=False,
    ) as started:
        try:
            yield started
        except BaseException as error:
            fail(started, type(error).__name__)
            raise


@contextmanager
def _within(context: Context | None) -> Iterator[None]:
    token = attach(context) if context is not None else None
    try:
        yield
    finally:
        if token is not None:
            detach(token)


def fail(failed: Span, error_type: str) -> None:
    """Mark a span as failed, for this low-cardinality reason."""
    failed.set_attribute("error.type", error_type)
    failed.set_status(Status(StatusCode.ERROR))


def happened(name: str, attributes: Attributes) -> None:
    """Note an event in the current span."""
    trace.get_current_span().add_event(name, attributes)


def link(pointing: Span, parent: str | None) -> None:
    """Point from a span at where this traceparent comes from."""
    if context := _context(parent):
        pointing.add_link(trace.get_current_span(context).get_span_context())


def traceparent() -> str | None:
    """The current trace context as it travels."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def begun() -> str:
    """A trace that begins here, for where nobody records spans."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def trace_id(parent: str | None) -> str | None:
    """The id of the trace, for the log."""
    return parent.split("-")[1] if parent else None


def about(envelope: Envelope) -> Attributes:
    """The attributes that spans of a message have in common."""
    return {
        "messaging.system": "rabbitmq",
        "messaging.message.id": envelope.id,
        "messaging.message.conversation_id": envelope.correlation_id,
        "messaging.rabbitmq.destination.routing_key": envelope.routing_key,
        "cloudevents.event_id": envelope.id,
        "cloudevents.event_type": envelope.type,
        "cloudevents.event_source": envelope.source,
        "cloudevents.event_subject": envelope.subject,
        "cloudevents.event_spec_version": "1.0",
    }


def _resource(services: str) -> dict[str, str]:
    return {
        "service.namespace": "mvidarr",
        "service.name": "mvidarr" if "+" in services else services,
        "service.instance.id": f"{socket.gethostname()}/{os.getpid()}",
    }


def _context(parent: str | None) -> Context | None:
    return _propagator.extract({"traceparent": parent}) if parent else None
