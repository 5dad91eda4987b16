"""What OpenTelemetry counts of any messaging, under the names that it has in Prometheus.

https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import Counter, Histogram

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
