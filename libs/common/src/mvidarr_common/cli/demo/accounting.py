"""Counts what was lost: commands without an outcome, jobs without an end, files that differ."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mvidarr_common.cli.client import Client
from mvidarr_common.cli.log import records_after
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.queries import (
    Jobs,
    JobView,
    ParkedMessages,
    RecordView,
    SystemView,
    VideoView,
)

TERMINAL = ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Account:
    """What there was, and a sentence for each thing that is lost."""

    jobs: tuple[JobView, ...]
    records: int
    lost: tuple[str, ...]


async def position(client: Client) -> int:
    """How far the log is."""
    return (await client.get("/system/status", SystemView)).offset


async def all_jobs(client: Client) -> list[JobView]:
    """Every job there is."""
    jobs: list[JobView] = []
    cursor: str | None = None
    while True:
        page = await client.get("/jobs", Jobs, limit=500, cursor=cursor)
        jobs += page.items
        cursor = page.next
        if cursor is None:
            return jobs


async def settled(
    client: Client,
    after: int,
    earlier: frozenset[str],
    videos: Sequence[VideoView],
    root: DataRoot,
    limit: float,
) -> Account:
    """The account of what came after, once nothing is on its way any more; or after the limit,
    when what is still on its way counts as lost."""
    end = asyncio.get_running_loop().time() + limit
    while True:
        jobs = tuple(job for job in await all_jobs(client) if job.id not in earlier)
        result = await _account(client, after, jobs, videos, root)
        if not result.lost or asyncio.get_running_loop().time() > end:
            return result
        await asyncio.sleep(0.2)


async def _account(
    client: Client,
    after: int,
    jobs: tuple[JobView, ...],
    videos: Sequence[VideoView],
    root: DataRoot,
) -> Account:
    """Hold the log against the jobs, the library and the disk."""
    records = await records_after(client, after)
    parked = (await client.get("/parked", ParkedMessages)).items
    lost = [
        *unanswered(records),
        *(f"job {job.id} ({job.kind}) is {job.state}" for job in jobs if job.state not in TERMINAL),
        *(f"{message.type} of {message.subject} is parked: {message.error}" for message in parked),
        *await asyncio.to_thread(damaged, videos, root),
    ]
    return Account(jobs, len(records), tuple(lost))


def unanswered(records: Sequence[RecordView]) -> list[str]:
    """Commands in the log that nothing in the log answers."""
    answered = {record.causation_id for record in records if record.kind == "event"}
    commands = [record for record in records if record.kind == "command"]
    return [f"{c.type} {c.id} has no outcome" for c in commands if c.id not in answered]


def damaged(videos: Sequence[VideoView], root: DataRoot) -> list[str]:
    """Ready videos whose files on disk are not what the log says."""
    ready = [video for video in videos if video.state == "ready"]
    return [complaint for video in ready for complaint in _complaints(video, root)]


def _complaints(video: VideoView, root: DataRoot) -> list[str]:
    present = [file.rendition for file in video.files if file.state == "present"]
    if not present:
        return [f"video {video.id} is ready and has no file"]
    different = [one for one in present if _sum(root.at(one.path)) != one.sha256]
    return [f"{one.path} is not what was verified" for one in different]


def _sum(path: Path) -> str:
    if not path.is_file():
        return "missing"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
