"""Kill anything, at any time: nothing is lost, nothing is done twice, nothing is left lying about.

    make chaos KILLS=200 SEED=7

The short form runs with the other tests and does each injury once, but for the full disk: work
that met one waits five minutes.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.chaos.account import judge
from tests.chaos.archive import Archive
from tests.chaos.feed import Feed
from tests.chaos.ward import PROCESSES, Ward, long_deck, mount_small_disk, short_deck, unmount

from mvidarr_common.bus import open_bus
from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.outside import nothing_left
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.system import System

Say = Callable[[str], None]

KILLS = int(os.environ.get("CHAOS_KILLS", "0"))
"""SIGKILLs of the long form; 0 is the short form."""
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)

MEGABYTES = 256
RECOVERY = 120.0
"""Seconds within which work must go on after an injury."""
SETTLING = 360.0
"""Seconds for what is left: longer than work waits that has met a full disk."""

pytestmark = pytest.mark.timeout(120 + KILLS * 60 + 600)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[tuple[Path, bool]]:
    """Where the system lives, and whether its data root is a small disk of its own."""
    root = tmp_path / "system" / "data"
    small = mount_small_disk(root, MEGABYTES)
    yield tmp_path / "system", small
    if small:
        unmount(root)


@pytest.fixture
def ward(folder: tuple[Path, bool]) -> Iterator[Ward]:
    """Every process on servers of its own, all of them to be killed."""
    with RabbitNode(thrifty=True) as node, PostgresServer() as postgres:
        url = postgres.new_database()
        system = System(
            folder[0], PROCESSES, amqp_url=node.url(), database_url=url,
            allow_private_addresses=True, token_lifetime=86400,
        )  # fmt: skip
        with system:
            node.settle()
            yield Ward(system, node, postgres, url, random.Random(SEED))


@dataclass(frozen=True)
class Scene:
    """What the test acts on and looks at."""

    ward: Ward
    archive: Archive
    feed: Feed
    client: Client
    say: Say


@asynccontextmanager
async def scene(ward: Ward, clip: Sample, say: Say) -> AsyncIterator[Scene]:
    """Everything open, and nothing asked yet."""
    system, archive = ward.system, Archive()
    access = await asyncio.to_thread(system.log_in)
    async with (
        Site([clip]) as site,
        httpx.AsyncClient(base_url=access.address, headers=access.headers, timeout=60) as http,
        open_client(access, patience=60) as client,
        open_bus(ward.node.url(), "chaos") as bus,
        asyncio.TaskGroup() as tasks,
    ):
        following = tasks.create_task(archive.follow(ward.database_url))
        feed = Feed(bus, http, site, archive, clip.slug)
        giving_up = tasks.create_task(feed.give_up())
        yield Scene(ward, archive, feed, client, say)
        giving_up.cancel()
        following.cancel()


async def injure(scene: Scene, *, disk: bool) -> None:
    """One after the other; in between the log must go on by a random number of records."""
    async with asyncio.TaskGroup() as tasks:
        feeding = [tasks.create_task(scene.feed.jobs()), tasks.create_task(scene.feed.videos())]
        await lively(scene, "the beginning")
        for name in injuries(scene.ward, disk=disk):
            kills, records = scene.ward.kills, len(scene.archive.records)
            scene.say(f"  {kills:4} kills, {records:6} records: {name}")
            await asyncio.to_thread(scene.ward.injure, name)
            await lively(scene, name)
        for task in feeding:
            task.cancel()


async def lively(scene: Scene, after: str) -> None:
    """Work goes on."""
    further = len(scene.archive.records) + scene.ward.chance.randint(1, 60)
    going = lambda: len(scene.archive.records) >= further  # noqa: E731
    await scene.archive.until(going, f"life after {after}", RECOVERY)


def injuries(ward: Ward, *, disk: bool) -> Iterator[str]:
    """What is done, until there were kills enough."""
    deal = long_deck if KILLS else short_deck
    while ward.kills < max(KILLS, 1):
        for name in deal(ward.chance):
            if disk or name != "fill the disk":
                yield name


async def settle(scene: Scene) -> None:
    """Until nothing is on its way."""
    await asyncio.to_thread(scene.ward.heal)

    async def over() -> bool:
        await asyncio.to_thread(scene.ward.tend)
        archive = scene.archive
        left = [(id, archive.jobs[id]) for id in archive.open_jobs]
        asked = [each.id for each in archive.commands if each.id not in archive.outcomes]
        assert not left, left[:5]
        assert not asked, asked[:5]
        assert not archive.open_videos, archive.open_videos
        return scene.feed.confirmed <= archive.ids

    await eventually(over, SETTLING, every=1.0)
    ready = scene.ward.system.ready
    await eventually(lambda: all(ready(name) for name in PROCESSES), SETTLING, every=0.5)


def tell(say: Say, ward: Ward, counts: dict[str, int], seconds: float) -> None:
    """What the run was."""
    say(f"chaos: seed {SEED}, {ward.kills} kills among {ward.done.total()} injuries")
    for what, count in sorted(ward.done.items()):
        say(f"  {count:6} × {what}")
    for what, count in sorted(ward.restarted.items()):
        say(f"  {count:6} × {what} ended by itself and was started again")
    for what, count in counts.items():
        say(f"  {count:6} {what}")
    say(f"  {seconds:6.0f} seconds")


async def test_kill_anything(ward: Ward, folder: tuple[Path, bool], clip: Sample, say: Say) -> None:
    say(f"chaos: seed {SEED}" + ("" if folder[1] else " (no small disk here: none is filled)"))
    began = time.monotonic()
    async with scene(ward, clip, say) as here:
        await injure(here, disk=folder[1] and KILLS > 0)
        await settle(here)
        root = ward.system.root
        verdict = await judge(here.archive, here.feed.bus, here.client, root, here.feed.confirmed)
        tell(say, ward, verdict.counts, time.monotonic() - began)
        assert verdict.wrong == []
        await nothing_left(root)
    await asyncio.to_thread(ward.system.stop)
    assert set(ward.system.codes.values()) == {0}, ward.system.codes
    assert ward.system.remains() == []
