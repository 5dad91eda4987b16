"""What Prometheus sees of the brain."""

from collections.abc import Iterable
from contextlib import AbstractContextManager

from prometheus_client import Counter, Gauge, Histogram

from mvidarr_common.messages import Message

_seconds = Histogram("mvidarr_loop_seconds", "Time that a turn spends in a phase", ["phase"])
_messages = Counter("mvidarr_messages_total", "Messages folded", ["type", "outcome"])
_offset = Gauge("mvidarr_log_offset", "Offset up to which the log is folded")
_pending = Gauge("mvidarr_outbox_pending", "Decisions that have not come back by the log")
_leader = Gauge("mvidarr_leader", "1 where this replica leads")


def phase(name: str) -> AbstractContextManager[object]:
    """Time a phase of a turn: think, chores or commit."""
    return _seconds.labels(phase=name).time()


def turned(folded: Iterable[Message], offset: int, in_flight: int) -> None:
    """A turn is committed."""
    for message in folded:
        _messages.labels(type=message.wire, outcome="folded").inc()
    _offset.set(offset)
    _pending.set(in_flight)


def leading(leads: bool) -> None:
    """This replica leads, or does not."""
    _leader.set(int(leads))
