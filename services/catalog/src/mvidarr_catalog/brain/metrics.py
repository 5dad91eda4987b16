"""What Prometheus sees of the brain. Only the leader counts; a former one says nothing."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import Counter, Gauge, Histogram

from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.system import CommandRejected

from .turn import Said

_BATCHES = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)

_seconds = Histogram("mvidarr_loop_seconds", "Time that a turn spends in a phase", ["phase"])
_batch = Histogram("mvidarr_loop_batch_size", "Messages folded in a turn", buckets=_BATCHES)
_messages = Counter(
    "mvidarr_messages_total", "Records, and what became of them", ["type", "outcome"]
)
_rejected = Counter("mvidarr_rejected", "Commands refused", ["type", "code"])
_offset = Gauge("mvidarr_log_offset", "Offset up to which the log is folded")
_lag = Gauge("mvidarr_log_lag_seconds", "Age of the newest folded record; 0 when none is left")
_pending = Gauge("mvidarr_outbox_pending", "Decisions that have not come back by the log")
_oldest = Gauge("mvidarr_outbox_oldest_seconds", "Age of the oldest of these decisions")
_parked = Gauge("mvidarr_parked", "Messages that wait for somebody to look at them", ["kind"])
_held = Gauge("mvidarr_held_subjects", "Subjects whose later messages wait behind a parked one")
_timers = Gauge("mvidarr_timers_pending", "Timers that are set")
_late = Gauge("mvidarr_timers_late_seconds", "How long the oldest due timer has been due")
_jobs = Gauge(
    "mvidarr_jobs",
    "Jobs that have not ended; those that more workers would not help wait for `later`",
    ["queue", "state"],
)
_window = Gauge("mvidarr_job_window", "Jobs that may be with the workers at once", ["queue"])
_leader = Gauge("mvidarr_leader", "1 where this replica leads")
_changes = Counter("mvidarr_leader_changes", "Reigns begun by this replica")

_OF_A_REIGN = (_lag, _pending, _oldest, _held, _timers, _late)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the leader counts in the tables every few seconds."""

    jobs: Mapping[tuple[str, str], int]
    windows: Mapping[str, int]
    parked: Mapping[str, int]
    timers: int
    late: float


def phase(name: str) -> AbstractContextManager[object]:
    """Time a phase of a turn: chores, commit or publish. Others it has counted itself."""
    return _seconds.labels(phase=name).time()


def turned(said: Said, offset: int, in_flight: Mapping[str, Envelope], held: int) -> None:
    """A turn is committed."""
    now = datetime.now(UTC)
    for message in said.folded:
        _messages.labels(type=message.wire, outcome="folded").inc()
    for type, outcome in said.passed:
        _messages.labels(type=type, outcome=outcome).inc()
    for event in said.events:
        if isinstance(event.message, CommandRejected):
            _rejected.labels(event.message.command, event.message.code).inc()
    for name, seconds in said.spent.items():
        _seconds.labels(phase=name).observe(seconds)
    _batch.observe(len(said.folded))
    _offset.set(offset)
    _lag.set(_age(now, said.newest))
    _pending.set(len(in_flight))
    oldest = next(iter(in_flight.values()), None)
    _oldest.set(_age(now, oldest.time if oldest else None))
    _held.set(held)


def counted(counts: Counts) -> None:
    """The tables were counted."""
    for (queue, state), count in counts.jobs.items():
        _jobs.labels(queue, state).set(count)
    for queue, window in counts.windows.items():
        _window.labels(queue).set(window)
    for kind, count in counts.parked.items():
        _parked.labels(kind).set(count)
    _timers.set(counts.timers)
    _late.set(counts.late)


def leading(leads: bool) -> None:
    """This replica leads, or does not."""
    _leader.set(int(leads))
    if leads:
        _changes.inc()
        return
    _jobs.clear()
    _window.clear()
    _parked.clear()
    for gauge in _OF_A_REIGN:
        gauge.set(0)


def _age(now: datetime, then: datetime | None) -> float:
    return max(0.0, (now - then).total_seconds()) if then else 0.0
