"""What the leader does, as spans: each batch is one, with its commit below; what a message has led
to stands in the message's own trace, so that one request can be followed through the brain."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice

from opentelemetry import trace
from opentelemetry.trace import SpanKind

from mvidarr_common import tracing
from mvidarr_common.bus import Bus, Record
from mvidarr_common.bus.topology import LOG
from mvidarr_common.envelope import Envelope
from mvidarr_common.messaging import Using

from .mind import SOURCE
from .store import Checkpoint


def processing(bus: Bus, records: Sequence[Record]) -> AbstractContextManager[object]:
    """The span of a batch; none for a tick without records, and none where nobody records."""
    if not records or not tracing.recording():
        return nullcontext()
    attributes = Using(bus, SOURCE, "process", "process", LOG).attributes() | {
        "messaging.batch.message_count": len(records),
        "mvidarr.log.offset": records[-1].offset,
    }
    return tracing.span(f"process {LOG}", SpanKind.CONSUMER, attributes=attributes)


def linked(envelopes: Iterable[Envelope]) -> None:
    """Have the batch point at its messages."""
    batch = trace.get_current_span()
    if batch.is_recording():
        for envelope in islice(envelopes, tracing.LINKS):
            tracing.link(batch, envelope.traceparent)


@contextmanager
def thinking(step: str, envelope: Envelope) -> Iterator[Envelope]:
    """Fold or decide in the trace of the message; gives the message as the cause of what follows,
    which goes on below this span."""
    batch = trace.get_current_span()
    if not batch.is_recording():
        yield envelope
        return
    with tracing.span(
        step, parent=envelope.traceparent, attributes=tracing.about(envelope)
    ) as thought:
        thought.add_link(batch.get_span_context())
        yield envelope.traced(tracing.traceparent())


def answered(position: Checkpoint) -> None:
    """The answer shows what was committed up to there."""
    told = f"{position.log_id}:{position.offset}"
    trace.get_current_span().set_attribute("mvidarr.position", told)


def committing() -> AbstractContextManager[object]:
    """The last part of a batch."""
    recorded = trace.get_current_span().is_recording()
    return tracing.span("commit") if recorded else nullcontext()
