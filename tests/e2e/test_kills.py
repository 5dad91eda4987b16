"""SIGKILL in the middle of work: every video becomes ready exactly once, and nothing is left."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import psutil
import pytest

from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.messages.jobs import JobProgressed
from mvidarr_common.messages.queries import JobView, VideoView
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.outside import (
    PATIENCE,
    add,
    ended,
    log,
    nothing_left,
    nothing_lost,
    plays,
    running_job,
    times_told,
    transcoding_profile,
)
from mvidarr_common.testing.servers import alive
from mvidarr_common.testing.system import System

SLOW = 40_000
"""Bytes a second: no test waits for the end of that."""

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
async def client(killable: System) -> AsyncIterator[Client]:
    """The administrator, who does not give up while something is started again."""
    access = await asyncio.to_thread(killable.log_in)
    async with open_client(access, patience=60) as client:
        yield client


@asynccontextmanager
async def killed(system: System, name: str) -> AsyncIterator[None]:
    """This process is dead and its children with it; afterwards it runs again."""
    children = psutil.Process(system.pid(name)).children(recursive=True)
    await asyncio.to_thread(system.kill, name)
    await eventually(lambda: not any(alive(child.pid) for child in children))
    yield
    await asyncio.to_thread(system.start, name)


def worker(system: System, job: JobView) -> str:
    """The process that runs the job."""
    assert job.worker_id is not None
    names = [n for n in system.processes if f"-{system.pid(n)}-" in job.worker_id]
    assert len(names) == 1, job.worker_id
    return names[0]


async def amid(client: Client, video_id: str, kind: str) -> JobView:
    """The job of this kind for a video, once it is neither at its beginning nor at its end."""
    job = await running_job(client, video_id, kind)
    async with aclosing(client.events(f"jobs/{job.id}")) as events:
        async for frame in events:
            word = frame.message
            if isinstance(word, JobProgressed) and 0 < (word.fraction or 0) < 1:
                break
    return await client.get(f"/jobs/{job.id}", JobView)


async def started(client: Client, job: JobView) -> list[str]:
    """The workers that have begun this job, first to last."""
    told = [r for r in await log(client) if r.subject == f"job/{job.id}"]
    return [r.data["workerId"] for r in told if r.type == "event.job.started"]


async def all_is_well(client: Client, system: System, ids: Sequence[str]) -> list[VideoView]:
    """Each of the videos is ready, once and whole; there is nothing else than their files."""
    videos = await ended(client, ids)
    assert [(video.state, video.failure) for video in videos] == [("ready", None)] * len(ids)
    for video in videos:
        assert await times_told(client, "event.video.ready", video.id) == 1
        for file in video.files:
            assert await plays(system.root.at(file.rendition.path))
    await nothing_lost(client, videos, system.root)
    await nothing_left(system.root)
    return videos


async def test_a_killed_transcoder_costs_nothing_but_time(
    killable: System, client: Client, site: Site, film: Sample
) -> None:
    profile = await transcoding_profile(client, "high_quality")
    asked = await add(client, site.url(film.slug), profile, artist="Kills", title="Transcoder")
    job = await amid(client, asked.id, "transcode")
    async with killed(killable, worker(killable, job)):
        (video,) = await all_is_well(client, killable, [asked.id])
    assert [file.rendition.role for file in video.files] == ["transcode", "original"]
    first, second = await started(client, job)
    assert first != second


async def test_a_killed_downloader_goes_on_where_it_was(
    killable: System, client: Client, site: Site, film: Sample
) -> None:
    site.media[film.slug] = Conduct(rate=SLOW)
    asked = await add(client, site.url(film.slug), artist="Kills", title="Downloader")
    job = await amid(client, asked.id, "download")
    site.media[film.slug] = Conduct()
    async with killed(killable, worker(killable, job)):
        await all_is_well(client, killable, [asked.id])
    done = await client.get(f"/jobs/{job.id}", JobView)
    assert done.result is not None
    assert done.result["resumedFrom"] > 0
    assert done.attempt == 1
    first, second = await started(client, job)
    assert first != second


async def test_a_killed_catalog_forgets_nothing(
    killable: System, client: Client, site: Site, film: Sample, clip: Sample
) -> None:
    profile = await transcoding_profile(client, "mobile_optimized")
    site.media[film.slug] = Conduct(rate=film.path.stat().st_size // 3)
    urls = [f"{site.url(clip.slug)}?n={number}" for number in range(3)]
    asked = [await add(client, site.url(film.slug), profile, artist="Kills", title="Catalog")]
    asked += [await add(client, url, artist="Kills", title="Catalog") for url in urls]
    await running_job(client, asked[0].id, "download")
    async with killed(killable, "catalog"):
        body = {"url": f"{site.url(clip.slug)}?n=meanwhile"}
        told = await client.tell("/videos", VideoView, body, wait=0)
        assert told.pending is not None
    await running_job(client, asked[0].id, "transcode")
    async with killed(killable, "catalog"):
        pass
    view = await client.outcome(told.pending, PATIENCE)
    assert view.state == "done"
    (added,) = {r.data["videoId"] for r in view.records if r.type == "event.video.added"}
    await all_is_well(client, killable, [*(video.id for video in asked), added])


async def test_a_killed_gateway_is_not_missed(
    killable: System, client: Client, site: Site, film: Sample, clip: Sample
) -> None:
    site.media[film.slug] = Conduct(rate=film.path.stat().st_size // 3)
    asked = await add(client, site.url(film.slug), artist="Kills", title="Gateway")
    await running_job(client, asked.id, "download")
    body = {"url": site.url(clip.slug), "known": {"artist": "Kills", "title": "Gateway"}}
    taken = await client.tell("/videos", VideoView, body, wait=0)
    async with killed(killable, "api-gateway"):
        pass
    assert taken.pending is not None
    outcome = await client.outcome(taken.pending, PATIENCE)
    (second,) = {r.data["videoId"] for r in outcome.records if r.type == "event.video.added"}
    await all_is_well(client, killable, [asked.id, second])
