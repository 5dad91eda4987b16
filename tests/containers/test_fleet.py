"""The main job in containers, and what kills, limits and updates of containers do to it."""

import asyncio
from collections.abc import Sequence

import pytest

from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.receiver import Receiver
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.demo.webhook import notices
from mvidarr_common.messages.queries import JobView, SubscriptionView, VideoView
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.outside import (
    add,
    ended,
    nothing_left,
    nothing_lost,
    plays,
    running_job,
    times_told,
    transcoding_profile,
)

from .fleet import Fleet

pytestmark = pytest.mark.timeout(900)

PATIENCE = 300.0
SECRET = "known to sender and receiver"
EVENTS = ["video.ready", "video.failed"]


async def test_the_main_job_runs_end_to_end(
    fleet: Fleet, client: Client, site: Site, receiver: Receiver, samples: list[Sample]
) -> None:
    to = {"name": "test", "channel": "webhook", "address": receiver.url, "secret": SECRET}
    made = (await client.tell("/subscriptions", SubscriptionView, to | {"events": EVENTS})).state
    added = [await add(client, site.url(sample.slug)) for sample in samples]
    videos = await ended(client, [each.id for each in added], PATIENCE)
    assert [(each.state, each.failure and each.failure.code) for each in videos] == [
        ("ready", None), ("ready", None), ("failed", "damaged_truncated"),
    ]  # fmt: skip
    for file in [file for video in videos for file in video.files]:
        assert await plays(fleet.root.at(file.rendition.path))
        content = b"".join([part async for part in client.download(f"/files/{file.id}/content")])
        assert content == fleet.root.at(file.rendition.path).read_bytes()
    told = await notices(receiver, SECRET, len(samples), PATIENCE)
    assert sorted(notice.announcement.event_type for notice in told) == [
        "video.failed", "video.ready", "video.ready",
    ]  # fmt: skip
    await nothing_lost(client, videos, fleet.root, PATIENCE)
    await nothing_left(fleet.root, PATIENCE)
    assert made is not None
    await client.tell(f"/subscriptions/{made.id}", SubscriptionView, method="DELETE")


async def test_a_killed_container_costs_nothing_but_time(
    fleet: Fleet, client: Client, site: Site, samples: list[Sample]
) -> None:
    profile = await transcoding_profile(client, "high_quality")
    asked = await add(client, site.url(samples[0].slug), profile, artist="Kills", title="Container")
    job = await running_job(client, asked.id, "transcode")
    killed = where(fleet, job)
    await asyncio.to_thread(fleet.kill, killed)
    await all_is_well(client, fleet, [asked.id])
    done = await client.get(f"/jobs/{job.id}", JobView)
    assert (done.state, where(fleet, done) == killed) == ("completed", False)
    await asyncio.to_thread(fleet.start, killed)


async def test_a_worker_without_enough_memory_loses_the_job_to_another(
    fleet: Fleet, client: Client, site: Site, samples: list[Sample]
) -> None:
    for name in ("transcoder#1", "transcoder#2"):
        await asyncio.to_thread(fleet.stop, name)
    await asyncio.to_thread(fleet.start, "transcoder#small")
    await asyncio.to_thread(fleet.limit, "transcoder#small", beyond=24)
    profile = await transcoding_profile(client, "webm_web")
    asked = await add(client, site.url(samples[0].slug), profile, artist="Limits", title="Memory")
    await eventually(lambda: fleet.killed_for_memory("transcoder#small") > 0, PATIENCE, every=0.5)
    await asyncio.to_thread(fleet.start, "transcoder#1", "transcoder#2")
    await asyncio.to_thread(fleet.kill, "transcoder#small")
    await all_is_well(client, fleet, [asked.id])


async def test_every_container_is_replaced_and_no_job_is_lost(
    fleet: Fleet, client: Client, site: Site, samples: list[Sample]
) -> None:
    profile = await transcoding_profile(client, "web_optimized")
    slugs = [sample.slug for sample in samples[:2]]
    for slug in slugs:
        site.media[slug] = Conduct(rate=200_000)
    asked = [
        (await add(client, f"{site.url(slug)}?{n}", profile, artist="Rolling", title=f"{n}")).id
        for n in range(3)
        for slug in slugs
    ]
    for name in [name for name in fleet.running if name not in ("rabbitmq", "postgres")]:
        code = await asyncio.to_thread(fleet.roll, name)
        assert code == 0, f"{name} did not end by itself"
    async with open_client(fleet.log_in(), patience=60) as again:
        await all_is_well(again, fleet, asked)


def where(fleet: Fleet, job: JobView) -> str:
    """The container in which a job runs."""
    assert job.worker_id is not None
    names = [n for n in fleet.running if f"-{n.replace('#', '-')}-" in job.worker_id]
    assert len(names) < 2
    return names[0] if names else job.worker_id


async def all_is_well(client: Client, fleet: Fleet, ids: Sequence[str]) -> list[VideoView]:
    """Each of the videos is ready, once and whole; there is nothing else than their files."""
    videos = await ended(client, ids, PATIENCE)
    assert [(video.state, video.failure) for video in videos] == [("ready", None)] * len(ids)
    for video in videos:
        assert await times_told(client, "event.video.ready", video.id) == 1
        for file in video.files:
            assert await plays(fleet.root.at(file.rendition.path))
    await nothing_lost(client, videos, fleet.root, PATIENCE)
    await nothing_left(fleet.root, PATIENCE)
    return videos
