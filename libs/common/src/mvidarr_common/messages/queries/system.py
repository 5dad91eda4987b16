"""Questions about the log, what is parked, and the brain itself."""

from datetime import datetime
from typing import Any

from pydantic import Field

from mvidarr_common.messages.base import Query

from .lists import Listing, Page, View


class RecordView(View):
    """One record of the log: what happened or was asked, by whom and because of what."""

    offset: int
    id: str
    type: str
    kind: str
    subject: str
    time: datetime
    source: str
    actor: str | None
    correlation_id: str
    causation_id: str | None
    data: dict[str, Any]


class ParkedView(View):
    event_id: str
    offset: int
    type: str
    subject: str
    error: str
    parked: datetime
    waiting: int


class SystemView(View):
    """The state of the brain and of what it knows."""

    log_id: str
    offset: int
    generation: int
    users: int
    videos: dict[str, int]
    jobs: dict[str, int]
    queues: dict[str, dict[str, int]] = Field(default_factory=dict)
    """Jobs that have not ended, by queue and state."""
    parked: int
    database_type: str = ""
    database_version: str = ""


class PositionView(View):
    """How far the log is committed."""

    log_id: str
    offset: int


class Standing(PositionView):
    """And for how many seconds, from the moment at which the question was put, nothing more will
    be: 0 where that was not asked, or cannot be promised."""

    still: float = 0.0


class Records(Page):
    items: tuple[RecordView, ...]


class Facts(Records):
    """Records of the log, and how many there are of their types."""


class ParkedMessages(Page):
    items: tuple[ParkedView, ...]


class GetHistory(Listing, Query[Records], wire="history.get", answer=Records):
    """Every record about a subject such as "video/…", and what those records caused."""

    of: str


class ListRecords(Listing, Query[Records], wire="record.list", answer=Records):
    """The log itself, newest first or from an offset upwards."""

    after: int | None = None
    command_id: str | None = None


class ListFacts(Query[Facts], wire="fact.list", answer=Facts):
    """Facts of these types, newest first; `total` of all that there are."""

    types: tuple[str, ...]
    limit: int = Field(default=50, ge=1, le=500)
    skip: int = Field(default=0, ge=0)


class ListParked(Listing, Query[ParkedMessages], wire="parked.list", answer=ParkedMessages):
    pass


class GetSystem(Query[SystemView], wire="system.get", answer=SystemView):
    pass


class GetPosition(Query[Standing], wire="position.get", answer=Standing):
    """For the gateway: is what it has seen all that there is? And will it be, for a moment?"""

    still: bool = False


class Shown(View):
    """What the question that was asked within another gets for an answer."""


class ShowAfter(Query[Shown], wire="show.after", answer=Shown):
    """Another question, answered when all up to a record of the log is committed: whoever has
    changed something sees it. Unavailable where that takes longer than a moment."""

    log_id: str
    offset: int
    question: str
    """Its wire name."""
    data: dict[str, Any]


class Snapshot(PositionView):
    """What several topics show at one moment: for each topic the answer that REST would give.
    What is not there is None."""

    topics: dict[str, Any]


class GetSnapshot(Query[Snapshot], wire="snapshot.get", answer=Snapshot):
    """Everything that somebody needs who goes on with the facts after it: of the topics `jobs`
    (those that run), `jobs/<id>`, `videos/<id>`, `library` (the newest videos) and `system`."""

    topics: tuple[str, ...]
