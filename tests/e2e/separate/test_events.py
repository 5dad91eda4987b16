"""What happens can be followed as it happens, and nothing of it is missed or told twice."""

import asyncio
from contextlib import aclosing

import pytest

from mvidarr_common.cli.client import Client, Frame, open_client
from mvidarr_common.cli.history import history_of
from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.messages.jobs import JobProgressed
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.outside import add, log
from mvidarr_common.testing.system import System

pytestmark = pytest.mark.timeout(240)

FOLLOWED = ("job", "pipeline", "video", "artist", "file", "profile")
"""What the topics jobs and library are about."""


def is_ready(frame: Frame, id: str) -> bool:
    """Whether it says that this video is ready."""
    return frame.type == "event.video.ready" and frame.subject == f"video/{id}"


async def test_a_client_sees_a_video_come_nearer(client: Client, site: Site, film: Sample) -> None:
    site.media[film.slug] = Conduct(rate=film.path.stat().st_size // 2)
    words: list[JobProgressed] = []
    facts: list[str] = []
    async with aclosing(client.events("jobs", "library")) as events:
        assert (await anext(events)).type == "ready"
        asked = await add(client, site.url(film.slug), artist="Events", title="Progress")
        async for frame in events:
            word = frame.message
            if isinstance(word, JobProgressed):
                words.append(word)
            elif frame.subject == f"video/{asked.id}":
                facts.append(frame.type)
            if is_ready(frame, asked.id):
                break
    ours = [word for word in words if word.for_subject == f"video/{asked.id}"]
    assert any(0 < (word.fraction or 0) < 1 and (word.speed or 0) > 0 for word in ours)
    assert {"downloading", "verify"} <= {word.stage for word in ours}

    async def history_says_the_same() -> bool:
        history = await history_of(client, f"video/{asked.id}")
        about = [r for r in history if r.subject == f"video/{asked.id}" and r.kind == "event"]
        assert facts == [record.type for record in about]
        return True

    await eventually(history_says_the_same)  # a fact can be heard before the catalog has read it


async def test_following_goes_on_after_a_restart_without_gap_or_repeat(
    separate: System, site: Site, film: Sample, clip: Sample
) -> None:
    access = await asyncio.to_thread(separate.log_in)
    site.media[film.slug] = Conduct(rate=film.path.stat().st_size // 3)
    told: list[Frame] = []
    async with (
        open_client(access, patience=60) as client,
        aclosing(client.events("jobs", "library")) as events,
    ):
        beginning = (await anext(events)).position
        asked = await add(client, site.url(film.slug), artist="Events", title="Restart")
        async for frame in events:
            told.append(frame)
            if frame.type == "event.job.started":
                break
        await asyncio.to_thread(separate.kill, "api-gateway")
        await asyncio.to_thread(separate.start, "api-gateway")
        await add(client, site.url(clip.slug), artist="Events", title="After Restart")
        async for frame in events:
            told.append(frame)
            if is_ready(frame, asked.id):
                break
        heard = [frame for frame in told if frame.type.startswith("event.")]
        assert beginning is not None
        first, last = offset(beginning), offset(heard[-1].position)
        records = [r for r in await log(client) if first < r.offset <= last]
    assert [offset(frame.position) for frame in heard] == [
        r.offset for r in records if r.kind == "event" and r.subject.partition("/")[0] in FOLLOWED
    ]
    assert sum(frame.type == "ready" for frame in told) == 1


def offset(position: str | None) -> int:
    """The place in the log that a position names."""
    assert position is not None
    return int(position.rpartition(":")[2])
