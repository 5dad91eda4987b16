"""The log as a whole: what is in it, whether its two copies agree, taking it out and putting it in.

Bodies are the records as they stand in the log, whole: whoever shows them hides their secrets.
"""

from datetime import datetime

from .base import Command, Event, Query, Value
from .queries import Listing, ParkedView, Records, RecordView, View


class LogStats(View):
    """What the archive holds."""

    log_id: str
    records: int
    offset: int
    bytes: int
    first: datetime | None
    last: datetime | None
    types: dict[str, int]


class GetLogStats(Query[LogStats], wire="log.stats", answer=LogStats):
    pass


class FindRecords(Listing, Query[Records], wire="record.find", answer=Records):
    """Records, oldest first: that contain this text, whose type begins so, about a subject."""

    contains: str | None = None
    type_is: str | None = None
    of: str | None = None


class LogPlace(Value):
    """A record as somebody found it in the log: its offset, id, and SHA-256."""

    offset: int
    id: str
    digest: str


class LogDifference(View):
    """Where log and archive do not agree."""

    offset: int
    id: str
    what: str


class LogCompared(View):
    """How a stretch of the log compares with the archive."""

    differences: tuple[LogDifference, ...] = ()


class CompareRecords(Query[LogCompared], wire="record.compare", answer=LogCompared):
    """Whether the archive has just these records between `after` and the last of them."""

    after: int
    places: tuple[LogPlace, ...]


class LogVerified(View):
    """What was looked at, up to `offset`, and how far the archive is."""

    records: int
    offset: int
    end: int
    differences: tuple[LogDifference, ...] = ()


class Bodies(View):
    """Records as they stand in the log, and the cursor of those behind them."""

    items: tuple[str, ...]
    next: str | None = None


class ExportRecords(Query[Bodies], wire="record.export", answer=Bodies):
    """Everything, in the order in which it was folded; what is parked comes last."""

    cursor: str | None = None


class ParkedDetail(ParkedView):
    """A parked message whole. `record` is what it says, None if nobody can read it."""

    trace: str | None
    record: RecordView | None
    body: str


class GetParked(Query[ParkedDetail], wire="parked.get", answer=ParkedDetail):
    event_id: str


class BeginImport(Command, wire="log.import.begin"):
    """From now on the log is given records of the past: they are folded, and nobody decides."""


class ImportBegun(Event, wire="log.import.begun", about="log"):
    """Records from before `until` are the past."""

    until: datetime


class EndImport(Command, wire="log.import.end"):
    records: int


class ImportEnded(Event, wire="log.import.ended", about="log"):
    records: int
