"""Batches: many jobs in one request, added or changed a part at a time."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import Command, Event, Query
from .jobs import AnySpec
from .queries import View

MOST_JOBS = 10_000
Deed = Literal["cancel", "pause", "resume", "retry"]


class EnqueueJobs(Command, wire="job.enqueue_many"):
    """Add all of these."""

    specs: tuple[AnySpec, ...] = Field(min_length=1, max_length=MOST_JOBS)
    for_subject: str | None = None
    priority: int = Field(default=0, ge=0, le=9)


class ChangeJobs(Command, wire="job.change_many"):
    """Do this to every job that matches a filter now (docs/filters.md) and to which it can be
    done."""

    filter: str
    deed: Deed


class BatchStarted(Event, wire="batch.started", about="batch:batch_id"):
    """`total` is not known where a filter chooses."""

    batch_id: str
    deed: Deed | Literal["enqueue"]
    total: int | None = None
    filter: str | None = None
    for_subject: str | None = None
    priority: int = 0


class BatchAdvanced(Event, wire="batch.advanced", about="batch:batch_id"):
    """So many jobs are done by now, and to so many it could not be done; `cursor` is where to go
    on, None at the end."""

    batch_id: str
    done: int
    refused: int
    cursor: str | None


class BatchView(View):
    id: str
    deed: str
    filter: str | None
    total: int | None
    done: int
    refused: int
    ended: bool
    began: datetime


class GetBatch(Query[BatchView], wire="batch.get", answer=BatchView):
    id: str
