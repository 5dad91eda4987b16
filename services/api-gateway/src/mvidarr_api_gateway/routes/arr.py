"""What *arr clients ask for, besides what we have anyway; see `arr/`."""

import shutil
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import Query, Response

from mvidarr_api_gateway.arr.paging import Asked, Wrapped, wrapped
from mvidarr_api_gateway.arr.shapes import (
    DiskSpace,
    HealthItem,
    HistoryItem,
    Item,
    QueueItem,
    QueueStatusView,
    RootFolder,
)
from mvidarr_api_gateway.arr.telling import EVENTS, happened, item_of, queued
from mvidarr_api_gateway.arr.wellness import ailments
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import Given, Tolerant, guarded_router, needs
from mvidarr_api_gateway.responses import json_bytes, json_value
from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.queries import ListFacts, ListJobs, ListVideos, VideoView

router = guarded_router("/api/v1", "arr", Tolerant)

LIVING = "pipelineId != null and state in (waiting, queued, running, paused)"
"""Jobs that are in the queue: they belong to a video and have not ended."""
VIDEO_ORDERS = {"title": "title", "added": "added", "releaseDate": "about.released"}
JOB_ORDERS = {"added": "added", "status": "state", "priority": "priority"}


class Between(Value):
    """From the beginning of one day to the end of another."""

    start: date | None = None
    end: date | None = None


@router.get("/queue", openapi_extra=needs("readonly"), response_model=Wrapped[QueueItem])
async def queue(asked: Annotated[Asked, Query()], deps: Given) -> Response:
    """What is being fetched and worked on."""
    jobs = ListJobs(filter=LIVING, **asked.turned(JOB_ORDERS, "-added"))
    page = await deps.reads.read(jobs)
    videos = await _videos(deps, (job.for_subject or "" for job in page.items))
    now = datetime.now(UTC)
    records = [
        queued(job, videos.get(job.for_subject or ""), deps.progress.of(job.id), now)
        for job in page.items
    ]
    return _told(wrapped(asked, "added", records, page.total))


@router.get("/queue/status", openapi_extra=needs("readonly"), response_model=QueueStatusView)
async def queue_status(deps: Given) -> Response:
    """How much of it there is."""
    living = await deps.reads.read(ListJobs(filter=LIVING, limit=1, total=True))
    again = f"{LIVING} and failure.code != null"
    failing = await deps.reads.read(ListJobs(filter=again, limit=1, total=True))
    count = living.total or 0
    return _told(
        QueueStatusView(total_count=count, count=count, errors=False, warnings=bool(failing.total))
    )


@router.get("/history", openapi_extra=needs("readonly"), response_model=Wrapped[HistoryItem])
async def history(asked: Annotated[Asked, Query()], deps: Given) -> Response:
    """What happened to the videos, newest first."""
    facts = ListFacts(types=tuple(EVENTS), limit=asked.page_size, skip=asked.skip)
    page = await deps.reads.read(facts)
    videos = await _videos(deps, (f"video/{record.data.get('videoId')}" for record in page.items))
    records = [
        happened(record, videos.get(f"video/{record.data.get('videoId')}")) for record in page.items
    ]
    return _told(wrapped(asked, "date", records, page.total))


@router.get("/wanted/missing", openapi_extra=needs("readonly"), response_model=Wrapped[Item])
async def missing(asked: Annotated[Asked, Query()], deps: Given) -> Response:
    """Videos that are wanted and not there."""
    turned = asked.turned(VIDEO_ORDERS, "-added")
    return await _items(asked, ListVideos(filter="state in (wanted, failed)", **turned), deps)


@router.get("/wanted/cutoff", openapi_extra=needs("readonly"), response_model=Wrapped[Item])
async def cutoff(asked: Annotated[Asked, Query()], deps: Given) -> Response:
    """Videos of which a better file is wanted."""
    turned = asked.turned(VIDEO_ORDERS, "-added")
    return await _items(asked, ListVideos(below_cutoff=True, **turned), deps)


@router.get("/calendar", openapi_extra=needs("readonly"), response_model=list[Item])
async def calendar(between: Annotated[Between, Query()], deps: Given) -> Response:
    """Videos by the day of their release; this week without dates."""
    return json_bytes(_list(map(item_of, await released(between, deps))))


@router.get("/rootfolder", openapi_extra=needs("readonly"), response_model=list[RootFolder])
async def root_folders(deps: Given) -> Response:
    """The folder of the library."""
    path = deps.root.path / "library"
    space = shutil.disk_usage(deps.root.path)
    folder = RootFolder(id=1, path=str(path), accessible=path.is_dir(), free_space=space.free)
    return json_bytes(_list([folder]))


@router.get("/diskspace", openapi_extra=needs("readonly"), response_model=list[DiskSpace])
async def disk_space(deps: Given) -> Response:
    """The disk of the library."""
    space = shutil.disk_usage(deps.root.path)
    disk = DiskSpace(
        path=str(deps.root.path), label="data", free_space=space.free, total_space=space.total
    )
    return json_bytes(_list([disk]))


@router.get("/health", openapi_extra=needs("readonly"), response_model=list[HealthItem])
async def health(deps: Given) -> Response:
    """What is not well; nothing is an empty list."""
    return json_bytes(_list(await ailments(deps)))


async def released(between: Between, deps: Deps) -> tuple[VideoView, ...]:
    """Videos that came out in these days, the earliest first."""
    start = between.start or datetime.now(UTC).date()
    end = between.end or start + timedelta(days=7)
    days = f"about.released >= {start} and about.released <= {end}"
    asked = ListVideos(filter=days, sort="about.released", limit=500)
    return (await deps.reads.read(asked)).items


async def _items(asked: Asked, videos: ListVideos, deps: Deps) -> Response:
    page = await deps.reads.read(videos)
    return _told(wrapped(asked, "added", [item_of(each) for each in page.items], page.total))


async def _videos(deps: Deps, subjects: Iterable[str]) -> dict[str, VideoView]:
    """The videos among these subjects, under those."""
    kinds = (subject.partition("/") for subject in subjects)
    ids = {VideoId(id) for kind, _, id in kinds if kind == "video" and id != "None"}
    if not ids:
        return {}
    found = await deps.reads.read(ListVideos(ids=tuple(sorted(ids)), limit=500))
    return {f"video/{video.id}": video for video in found.items}


def _told(value: Value) -> Response:
    return json_value(value.model_dump(mode="json"))


def _list(values: Iterable[Value]) -> bytes:
    return b"[" + b",".join(value.model_dump_json().encode() for value in values) + b"]"
