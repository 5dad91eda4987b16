"""The system about itself: genesis, answers to commands, parked messages, signs of life."""

from typing import Any

from .base import Command, Event, Signal, Value
from .ids import JobId, WorkerId


class LogStarted(Event, wire="log.started", about="log"):
    """The first record of a log: its identity."""

    log_id: str


class LogRestored(Event, wire="log.restored", about="log"):
    """The log had lost records that the archive has: they stand in it again, for nobody to work
    on. `from_log_id` is the log in which they stood before."""

    log_id: str
    from_log_id: str
    records: int


class RestoreLog(Command, wire="log.restore"):
    """Take the log in which this stands for the one that continues `log_id`, although another
    library has used it, and write that one's records into it."""

    log_id: str


class CommandRejected(Event, wire="command.rejected", about="command:command_id"):
    """The answer to a command that cannot be done. `code` is stable, `message` a sentence.

    `existing` names what is in the way, such as the video that has this URL already.
    """

    command_id: str
    command: str
    code: str
    message: str
    existing: str | None = None


class CommandUnchanged(Event, wire="command.unchanged", about="command:command_id"):
    """The answer to a command that found everything already so."""

    command_id: str
    command: str


class RetryParked(Command, wire="parked.retry"):
    """Try a parked message again; all of them when no id is given."""

    event_id: str | None = None


class DiscardParked(Command, wire="parked.discard"):
    event_id: str
    reason: str


class EditParked(Command, wire="parked.edit"):
    """Put other values in place of fields of a parked message's data, and try it again."""

    event_id: str
    changes: dict[str, Any]
    reason: str


class ParkedEdited(Event, wire="parked.edited", about="parked:event_id"):
    event_id: str
    changes: dict[str, Any]
    reason: str


class ParkedRetried(Event, wire="parked.retried"):
    event_ids: tuple[str, ...]


class ParkedDiscarded(Event, wire="parked.discarded"):
    event_id: str
    reason: str


class RebuildReadModel(Command, wire="read_model.rebuild"):
    """Fill a new set of tables from the archive beside the live one, compare, and switch. `back`:
    not a new set, but the one that was live before, after folding what it has missed."""

    back: bool = False


class ReadModelRebuilt(Event, wire="read_model.rebuilt"):
    """The new tables are live. Equal checksums at the same offset prove that nothing differs.

    The tables of `from_generation` stay as they were, `seq` records folded.
    """

    generation: int
    from_generation: int | None = None
    seq: int = 0
    offset: int
    records: int
    seconds: float
    old_checksum: str
    new_checksum: str


class RebuildProgressed(Signal, wire="read_model.progressed"):
    """So many records of about `total` are folded into the new tables."""

    records: int
    total: int
    seconds: float


class Claim(Value):
    """A worker's word that it runs this job now."""

    job_id: JobId
    attempt: int
    delivery: str


class WorkerAlive(Signal, wire="worker.alive", about="worker:worker_id"):
    """Said every few seconds: slots per queue and what runs."""

    worker_id: WorkerId
    service: str
    slots: dict[str, int]
    running: tuple[Claim, ...] = ()
    leaving: bool = False


class CatalogAdvanced(Signal, wire="catalog.advanced", about="catalog"):
    """Said after a commit. `number` runs without holes: a hole means that something was missed."""

    log_id: str
    number: int
    offset: int
    epoch: int
    subjects: tuple[str, ...] = ()
