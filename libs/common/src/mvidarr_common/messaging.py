"""What OpenTelemetry tells of any messaging: in Prometheus, and in spans.

https://opentelemetry.io/docs/specs/semconv/messaging/
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

from prometheus_client import Counter, Histogram

from .bus import Bus
from .bus.topology import EXCHANGE
from .envelope import Envelope
from .tracing import Attributes, about, recording

_BUCKETS = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.075,
    0.1,
    0.25,
    0.5,
    0.75,
    1,
    2.5,
    5,
    7.5,
    10,
)
_LABELS = ["messaging_operation_name", "messaging_destination_name", "error_type"]

_OPERATIONS = Histogram(
    "messaging_client_operation_duration_seconds", "Time to send, or to ask", _LABELS,
    buckets=_BUCKETS,
)  # fmt: skip
_PROCESSING = Histogram(
    "messaging_process_duration_seconds", "Time to process what came", _LABELS, buckets=_BUCKETS
)
_SENT = Counter("messaging_client_sent_messages", "Messages sent", _LABELS)
_CONSUMED = Counter("messaging_client_consumed_messages", "Messages that came", _LABELS)


@dataclass(frozen=True, slots=True)
class Using:
    """A use of the bus by a service. `template` is the destination without what differs from
    message to message."""

    bus: Bus
    service: str
    operation: str
    kind: Literal["send", "process", "settle"]
    template: str

    def attributes(self, destination: str | None = None) -> Attributes:
        """What its span says, where somebody records it."""
        if not recording():
            return {}
        told: Attributes = {
            "messaging.system": "rabbitmq",
            "messaging.operation.name": self.operation,
            "messaging.operation.type": self.kind,
            "messaging.destination.name": destination or self.template,
            "messaging.destination.template": self.template,
            "messaging.client.id": self.service,
        }
        if self.kind != "send":
            told["messaging.consumer.group.name"] = self.service
        if server := self.bus.server:
            told |= {"server.address": server[0], "server.port": server[1]}
        return told

    def of(self, envelope: Envelope, tag: int) -> Attributes:
        """What its span says where it is about a message that came from a queue."""
        if not recording():
            return {}
        key, queue = envelope.routing_key, self.template
        told = self.attributes(f"{EXCHANGE}:{key}:{queue}") | about(envelope)
        return told | {"messaging.rabbitmq.message.delivery_tag": tag}


@contextmanager
def sending(operation: str, destination: str, messages: int = 1) -> Iterator[None]:
    """Something is sent while the block lasts, and confirmed or answered at its end."""
    with _measured(_OPERATIONS, _SENT, operation, destination, messages):
        yield


@contextmanager
def processing(operation: str, destination: str) -> Iterator[None]:
    """Something that came is processed while the block lasts."""
    with _measured(_PROCESSING, _CONSUMED, operation, destination, 1):
        yield


@contextmanager
def _measured(
    seconds: Histogram, count: Counter, operation: str, destination: str, messages: int
) -> Iterator[None]:
    began, error = perf_counter(), ""
    try:
        yield
    except BaseException as failure:
        error = type(failure).__name__
        raise
    finally:
        labels = (operation, destination, error)
        seconds.labels(*labels).observe(perf_counter() - began)
        count.labels(*labels).inc(messages)
