"""A little of everything that can happen to a system, so that every panel has something to show."""

import asyncio
from pathlib import Path

import aiormq
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from mvidarr_common.bus.topology import LIVE_EXCHANGE
from mvidarr_common.cli.access import Access
from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.samples import Sample, encode, picture
from mvidarr_common.demo.site import Site
from mvidarr_common.errors import NotFound
from mvidarr_common.messages.queries import Artists, ArtistView, JobView, VideoView
from mvidarr_common.testing.outside import add, ended, running_job
from mvidarr_common.testing.rabbitmq import RabbitNode

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
NOWHERE = "http://127.0.0.1:9/watch"
"""Nobody listens there."""


async def let_happen(access: Access, node: RabbitNode, folder: Path) -> None:
    """What people do, and what goes wrong."""
    async with open_client(access, patience=60) as client, Site([_clip(folder)]) as site:
        for number in range(20):
            await client.tell("/jobs", JobView, {"spec": {"kind": "noop", "payload": str(number)}})
        await client.tell("/artists", ArtistView, {"name": "Neon Harbour"})
        await client.get("/artists", Artists)
        with pytest.raises(NotFound):
            await client.tell("/jobs/nothing/cancel", JobView)
        await add(client, NOWHERE, title="Tide", artist="Neon Harbour")
        await _hear_nonsense(node)
        await _come_and_go(client, site)
        await _be_disturbed(client, site, node)


async def _come_and_go(client: Client, site: Site) -> None:
    asked = await add(client, site.url("clip"))
    (video,) = await ended(client, [asked.id])
    assert video.state == "ready", video.failure
    await client.tell(f"/videos/{video.id}", VideoView, method="DELETE")


async def _be_disturbed(client: Client, site: Site, node: RabbitNode) -> None:
    """The broker is lost in the middle of a job, and then the job is not wanted any more."""
    site.media["clip"] = Conduct(rate=5_000)
    asked = await add(client, f"{site.url('clip')}?again", title="Again", artist="Neon Harbour")
    job = await running_job(client, asked.id, "download")
    await asyncio.to_thread(node.close_connections)
    await client.tell(f"/jobs/{job.id}/cancel", JobView)


async def _hear_nonsense(node: RabbitNode) -> None:
    connection = await aiormq.connect(node.url())
    channel = await connection.channel()
    await channel.basic_publish(
        b"nonsense", exchange=LIVE_EXCHANGE, routing_key="signal.worker.alive"
    )
    await connection.close()


def _clip(folder: Path) -> Sample:
    path = folder / "clip.mp4"
    encode(get_ffmpeg_exe(), path, 2, "testsrc2=size=320x180:rate=25", (196, 294), X264)
    sample = Sample("clip", "Clip", "Test Pattern", path, False, 2)
    picture(get_ffmpeg_exe(), path, sample.poster)
    return sample
