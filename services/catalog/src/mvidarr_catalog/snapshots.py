"""What live topics show at one moment of the log, so that whoever follows can begin from there."""

from collections.abc import Awaitable, Callable

from mvidarr_common.errors import Invalid, NotFound
from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import JobId, VideoId
from mvidarr_common.messages.queries import (
    GetJob,
    GetSnapshot,
    GetSystem,
    GetVideo,
    ListJobs,
    ListVideos,
    Snapshot,
)

from .brain.model import ReadModel
from .brain.reading import Read
from .history import system
from .jobs import job_queries
from .library import video_queries

model = ReadModel()

RUNNING = ListJobs(state="running", limit=500)
NEWEST = ListVideos(sort="-added", limit=100)

WHOLE: dict[str, Callable[[Read], Awaitable[Value]]] = {
    "jobs": lambda read: job_queries.list_jobs(RUNNING, read),
    "library": lambda read: video_queries.list_videos(NEWEST, read),
    "system": lambda read: system(GetSystem(), read),
}
OF_ONE: dict[str, Callable[[str, Read], Awaitable[Value]]] = {
    "jobs": lambda id, read: job_queries.get(GetJob(id=JobId(id)), read),
    "videos": lambda id, read: video_queries.get(GetVideo(id=VideoId(id)), read),
}


@model.query
async def snapshot(query: GetSnapshot, read: Read) -> Snapshot:
    """In one transaction, as every question."""
    found = {topic: await _shown(topic, read) for topic in query.topics}
    position = read.checkpoint
    return Snapshot(log_id=position.log_id or "", offset=position.offset, topics=found)


async def _shown(topic: str, read: Read) -> object:
    what, _, id = topic.partition("/")
    try:
        if topic in WHOLE:
            return (await WHOLE[topic](read)).model_dump(mode="json")
        if what in OF_ONE:
            return (await OF_ONE[what](id, read)).model_dump(mode="json")
    except NotFound:
        return None
    raise Invalid("invalid_topic", f"There is no topic {topic!r}.")
