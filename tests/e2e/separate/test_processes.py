"""Seven processes on RabbitMQ and PostgreSQL do what one process does with everything embedded."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.cli.history import history_of
from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.receiver import Receiver
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.demo.webhook import notices
from mvidarr_common.messages.queries import JobView, SubscriptionView, VideoView
from mvidarr_common.messages.system import ReadModelRebuilt
from mvidarr_common.testing.outside import (
    add,
    ended,
    nothing_left,
    nothing_lost,
    plays,
    quiet,
    running_job,
)
from mvidarr_common.testing.system import System

pytestmark = pytest.mark.timeout(240)

SECRET = "known to sender and receiver"
SECONDS_TO_FETCH = 4


@dataclass(frozen=True)
class Outcome:
    """What somebody sees of it in the end."""

    videos: tuple[tuple[object, ...], ...]
    jobs: dict[tuple[str, str], int]
    told: tuple[tuple[str, str], ...]
    history: dict[str, int]


def seen(video: VideoView) -> tuple[object, ...]:
    """A video without what differs from one installation to the next."""
    files = tuple((f.rendition.path, f.rendition.role, f.rendition.sidecars) for f in video.files)
    failure = video.failure and video.failure.code
    return video.title, video.artist, video.state, video.quality, failure, files


@asynccontextmanager
async def telling(client: Client, receiver: Receiver) -> AsyncIterator[None]:
    """A webhook is told what becomes of videos."""
    body = {
        "name": "test", "channel": "webhook", "address": receiver.url, "secret": SECRET,
        "events": ["video.ready", "video.failed"],
    }  # fmt: skip
    made = (await client.tell("/subscriptions", SubscriptionView, body)).state
    assert made is not None
    yield
    await client.tell(f"/subscriptions/{made.id}", SubscriptionView, method="DELETE")


async def rebuild_at_work(client: Client, video_id: str) -> None:
    """The read model is made anew while a download runs, and is the same."""
    job = await running_job(client, video_id, "download")
    told = await client.tell("/system/rebuild", ReadModelRebuilt, wait=60)
    assert told.state is not None
    assert told.state.old_checksum == told.state.new_checksum
    assert (await client.get(f"/jobs/{job.id}", JobView)).state == "running"


async def use(system: System, samples: list[Sample], receiver: Receiver) -> Outcome:
    """Fetch everything that a site shows, rebuild meanwhile, and look."""
    async with Site(samples) as site, open_client(system.log_in(), patience=60) as client:
        for sample in samples:
            size = sample.path.stat().st_size
            site.media[sample.slug] = Conduct(rate=size // SECONDS_TO_FETCH)
        async with telling(client, receiver):
            added = [await add(client, site.url(sample.slug)) for sample in samples]
            await rebuild_at_work(client, added[0].id)
            videos = await ended(client, [video.id for video in added])
            news = await notices(receiver, SECRET, len(samples), 30)
        subjects = {f"video/{video.id}" for video in videos}
        jobs = [job for job in await quiet(client) if job.for_subject in subjects]
        for video in videos:
            assert all([await plays(system.root.at(file.rendition.path)) for file in video.files])
        await nothing_lost(client, videos, system.root)
        await nothing_left(system.root)
        history = await history_of(client, f"video/{videos[0].id}")
        return Outcome(
            videos=tuple(seen(video) for video in videos),
            jobs=dict(Counter((job.kind, job.state) for job in jobs)),
            told=tuple(sorted((n.announcement.event_type, n.announcement.title) for n in news)),
            history=dict(Counter(record.type for record in history)),
        )


async def test_five_processes_give_the_same_result_as_one(
    embedded: System, separate: System, samples: list[Sample], receiver: Receiver
) -> None:
    async with Receiver() as another:
        one = await use(embedded, samples, receiver)
        several = await use(separate, samples, another)
    assert several.history == one.history  # apart, so that a failure names what differs
    assert several == one
    assert [(v[1], v[0], v[2]) for v in one.videos] == [
        (s.artist, s.title, "failed" if s.damaged else "ready") for s in samples
    ]
    assert [v[4] for v in one.videos] == [None, None, "damaged_truncated"]
    assert one.jobs["notify", "completed"] == len(samples)
    assert {
        "command.video.add", "event.video.added", "event.pipeline.started", "event.job.added",
        "event.job.queued", "event.job.started", "event.job.completed", "event.video.described",
        "event.file.added", "event.pipeline.completed", "event.video.ready",
    } <= one.history.keys()  # fmt: skip
