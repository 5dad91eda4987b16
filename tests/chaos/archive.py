"""Follows the archive from outside, and tells from its records alone what must be true."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.store import read_archive
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.messages import Command
from mvidarr_common.messages.jobs import (
    JobAdded,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobGivenUp,
    JobRescheduled,
    JobStarted,
    PipelineCancelled,
)
from mvidarr_common.messages.library import VideoAdded, VideoFailed, VideoReady

T = TypeVar("T")
PAGE = 2000


@dataclass
class JobLife:
    """The few lines that the whole system must agree with: the first end counts."""

    spec: str
    attempt: int = 1
    state: str = "open"
    ends: int = 0
    starts: int = 0
    failure: str = ""

    def end(self, how: str) -> None:
        """An end after the end changes nothing."""
        if self.state == "open":
            self.state = how
            self.ends += 1


@dataclass
class Archive:
    """Every folded record, in the order of folding, and what follows from them."""

    records: list[Envelope] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    jobs: dict[str, JobLife] = field(default_factory=dict)
    videos: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def follow(self, url: str) -> None:
        """Read on for ever, whatever happens to the server."""
        engine = open_engine(url, 1)
        try:
            while True:
                try:
                    await self._read(engine)
                except (DBAPIError, OSError, TimeoutError):
                    await asyncio.sleep(0.3)
        finally:
            await engine.dispose()

    async def until(self, check: Callable[[], T], what: str, within: float) -> T:
        """Wait for records that make it true; AssertionError names what did not come."""
        try:
            async with asyncio.timeout(within), self._news:
                return await self._news.wait_for(check)
        except TimeoutError:
            raise AssertionError(f"not within {within:g} s: {what}") from None

    @property
    def open_jobs(self) -> list[str]:
        """Jobs that have not ended."""
        return [id for id, life in self.jobs.items() if life.state == "open"]

    @property
    def open_videos(self) -> list[str]:
        """Videos on their way."""
        return [id for id, state in self.videos.items() if state == "acquiring"]

    @property
    def commands(self) -> list[Envelope]:
        """Everything that was asked."""
        return [each for each in self.records if isinstance(each.message, Command)]

    def counts(self) -> Counter[str]:
        """How often each type stands in the log."""
        return Counter(each.type for each in self.records)

    async def _read(self, engine: AsyncEngine) -> None:
        while True:
            last = self.seqs[-1] if self.seqs else 0
            async with asyncio.timeout(10), engine.connect() as connection:
                rows = await read_archive(connection, last, PAGE)
            async with self._news:
                for seq, body in rows:
                    self._take(seq, decode(body))
                self._news.notify_all()
            await asyncio.sleep(0.2)

    def _take(self, seq: int, envelope: Envelope) -> None:
        self.seqs.append(seq)
        self.records.append(envelope)
        self.ids.add(envelope.id)
        if envelope.type.startswith("event.") and envelope.causation_id:
            self.outcomes[envelope.causation_id].append(envelope.id)
        self._take_video(envelope)
        self._take_job(envelope)

    def _take_video(self, envelope: Envelope) -> None:
        match envelope.message:
            case VideoAdded(video_id=id):
                self.videos[id] = "acquiring"
            case VideoReady(video_id=id):
                self.videos[id] = "ready"
            case VideoFailed(video_id=id, code=code):
                self.videos[id] = code
            case PipelineCancelled(for_subject=subject):
                self.videos[subject.removeprefix("video/")] = "cancelled"

    def _take_job(self, envelope: Envelope) -> None:
        match envelope.message:
            case JobAdded(job_id=id, spec=spec):
                self.jobs[id] = JobLife(spec.kind)
            case JobStarted(job_id=id):
                self.jobs[id].starts += 1
            case JobRescheduled(job_id=id, attempt=attempt):
                self.jobs[id].attempt = max(attempt, self.jobs[id].attempt)
            case JobFailed(job_id=id, code=code):
                self.jobs[id].failure = code
            case JobCompleted(job_id=id):
                self.jobs[id].end("completed")
            case JobGivenUp(job_id=id):
                self.jobs[id].end("failed")
            case JobCancelled(job_id=id):
                self.jobs[id].end("cancelled")
