"""Downloads from a site on loopback, from the command to the folded result.

The start is held against the `yt-dlp` command line on the same page, its interpreter's start
included; many at once against `curl --parallel` on the same files, whose CPU time stands beside
ours. curl neither reads what it has written nor waits for the disk, which we do for every file; so
the second peer is curl, and then sha256sum and fsync of the same files on all processors. Many
small ones stand also against a process of yt-dlp for each. The resume counts what the site had to
send twice of a file whose worker was killed.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import psutil
from prometheus_client import REGISTRY

from mvidarr_catalog.service import service as catalog
from mvidarr_common.bus import Bus
from mvidarr_common.messages.jobs import Download
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.testing.conditions import eventually
from mvidarr_downloader.service import service as downloader

from .files import serving_files
from .ground import Ground
from .inside import DEADLINE, do, working_inside
from .measure import RUNS, Figure, Series, Unit, timed

LARGE, SMALL = 20 * 1024**2, 4096
MANY_SMALL, FEW = 1000, 20
ANY = QualityProfile(name="any")
MEMORY = "mvidarr_download_memory_bytes"
ROOMY = {
    "allow_private_addresses": True, "download_slots": 200, "downloads_per_site": 1000,
}  # fmt: skip


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """The start, 50 and 200 at once, many small ones, and a resume."""
    folder = ground.folder("downloading")
    large, small = _file(folder / "large.mp4", LARGE), _file(folder / "small.mp4", SMALL)
    async with working_inside(folder, (catalog, downloader), ROOMY) as bus:
        with serving_files(large) as site:
            await do(bus, _job(f"{site}/page/0"))  # the first child waits for yt-dlp
            yield await _start(bus, site)
            for count, runs in ((50, RUNS), (200, 1)):
                async for figure in _at_once(bus, site, folder, count, runs):
                    yield figure
            yield await _resume(bus, site)
        with serving_files(small) as site:
            yield await _small(bus, site, folder)


async def _start(bus: Bus, site: str) -> Figure:
    """From the command to the first byte of the film that the site sends."""
    ours, theirs = [], []
    for n in range(1, 2 * RUNS):
        _counted(site, reset=True)
        began = time.monotonic()
        await do(bus, _job(f"{site}/page/{n}"))
        ours.append(1000 * ((_counted(site)[1] or 0.0) - began))
        _counted(site, reset=True)
        began = time.monotonic()
        await asyncio.to_thread(_ytdlp, f"{site}/page/{n}")
        theirs.append(1000 * ((_counted(site)[1] or 0.0) - began))
    peer = Series("the command line of yt-dlp", tuple(theirs))
    return Figure("command to first byte", "embedded", "ms", Series("", tuple(ours)), (peer,))


def _ytdlp(url: str) -> None:
    command = [sys.executable, "-m", "yt_dlp", "--ignore-config", "-q", "-o", "-", url]
    quiet = subprocess.DEVNULL
    subprocess.run(command, stdout=quiet, stderr=quiet, check=True)


async def _at_once(
    bus: Bus, site: str, folder: Path, count: int, runs: int
) -> AsyncIterator[Figure]:
    """Throughput, CPU time and memory, beside curl's of the same run."""
    curl = f"curl --parallel-max {count}"
    acts: dict[str, tuple[Callable[[], Awaitable[None]], Callable[[], float]]] = {
        "": (lambda: _do_all(bus, f"{site}/file", count), _cpu),
        curl: (lambda: _curl(site, folder, count), _cpu_of_programs),
        f"{curl}, then sha256sum and fsync": (
            lambda: _curl_and_prove(site, folder, count), _cpu_of_programs,
        ),
    }  # fmt: skip
    rates: dict[str, list[float]] = {name: [] for name in acts}
    spent: dict[str, list[float]] = {name: [] for name in acts}
    before = _memory()
    for _ in range(runs):
        for name, (act, cpu) in acts.items():
            began = cpu()
            rates[name].append(count * LARGE / 1e6 / await timed(act()))
            spent[name].append(cpu() - began)
            _empty(folder)
    name = f"{count} downloads of 20 MB at once"
    yield _beside(name, "throughput", "MB/s", rates)
    yield _beside(name, "CPU time", "s", spent)
    number, total = (now - then for now, then in zip(_memory(), before, strict=True))
    each = Series("", (total / number / 2**20,))
    yield Figure(name, "memory of each to itself", "MiB", each, ())


def _beside(what: str, where: str, unit: Unit, all_runs: Mapping[str, Sequence[float]]) -> Figure:
    """Ours, which have no name, beside the others."""
    ours, *peers = (Series(name, tuple(runs)) for name, runs in all_runs.items())
    return Figure(what, where, unit, ours, tuple(peers))


async def _small(bus: Bus, site: str, folder: Path) -> Figure:
    """Beside a process of yt-dlp for each, as many at once as there are processors, and curl."""
    rate = MANY_SMALL / await timed(_do_all(bus, f"{site}/file", MANY_SMALL))
    alone = FEW / await timed(_each_by_ytdlp(site, FEW))
    limit = MANY_SMALL / await timed(_curl(site, folder, MANY_SMALL, at_once=50))
    peers = (Series(f"a yt-dlp process for each of {FEW}", (alone,)),
             Series("curl --parallel-max 50", (limit,)))  # fmt: skip
    return Figure(f"{MANY_SMALL:,} small downloads", "embedded", "/s", Series("", (rate,)), peers)


async def _each_by_ytdlp(site: str, count: int) -> None:
    turns = asyncio.Semaphore(os.cpu_count() or 1)

    async def one(n: int) -> None:
        async with turns:
            await asyncio.to_thread(_ytdlp, f"{site}/file/{n}.mp4")

    async with asyncio.TaskGroup() as group:
        for n in range(count):
            group.create_task(one(n))


async def _curl(site: str, folder: Path, count: int, at_once: int | None = None) -> None:
    (folder / "curl").mkdir(exist_ok=True)
    await _succeed(
        "curl", "--silent", "--show-error", "--fail", "--no-progress-meter",
        "--parallel", "--parallel-max", str(at_once or count), "--parallel-immediate",
        "--output", str(folder / "curl" / "#1.mp4"), f"{site}/file/[1-{count}].mp4",
    )  # fmt: skip


async def _curl_and_prove(site: str, folder: Path, count: int) -> None:
    await _curl(site, folder, count)
    files, processors = [str(path) for path in (folder / "curl").iterdir()], os.cpu_count() or 1
    async with asyncio.TaskGroup() as group:
        for n in range(processors):
            group.create_task(_succeed("sha256sum", *files[n::processors]))
    await _succeed("sync", *files)


async def _succeed(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    if await process.wait() != 0:
        raise RuntimeError(f"{command[0]} failed")


async def _resume(bus: Bus, site: str) -> Figure:
    """Kill the child that fetches, half-way; the next attempt goes on."""
    twice = []
    for n in range(RUNS):
        _counted(site, reset=True)
        job = asyncio.create_task(do(bus, _job(f"{site}/slow/{n}.mp4"), retried=True))
        await eventually(lambda: _counted(site)[0] >= LARGE / 2, DEADLINE, every=0.01)
        for child in _downloading():
            os.kill(child.pid, signal.SIGKILL)
        await job
        twice.append(100 * (_counted(site)[0] - LARGE) / LARGE)
    return Figure("bytes fetched twice after a kill", "embedded", "%", Series("", tuple(twice)), ())


def _job(url: str) -> Download:
    return Download(url=url, profile=ANY)


async def _do_all(bus: Bus, where: str, count: int) -> None:
    await do(bus, *(_job(f"{where}/{n}.mp4") for n in range(1, count + 1)))


def _file(path: Path, size: int) -> Path:
    """The beginning of a film, and nothing."""
    path.write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".ljust(size, b"\0"))
    return path


def _empty(folder: Path) -> None:
    for path in folder.rglob("*.mp4"):
        if path.parent != folder:
            path.unlink()


def _counted(site: str, *, reset: bool = False) -> tuple[int, float | None]:
    with urlopen(f"{site}/count{'?reset' if reset else ''}") as answer:  # ours
        sent, first = json.load(answer)
        return sent, first


def _servers() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "forkserver" in str(each.cmdline())]


def _downloading() -> Sequence[psutil.Process]:
    return [child for server in _servers() for child in server.children()]


def _cpu() -> float:
    """Seconds of this process, of the fork servers, and of all children of theirs, those that have
    ended and those that wait for more to do."""
    spent = time.process_time()
    for each in (*_servers(), *_downloading()):
        with suppress(psutil.Error):
            spent += sum(each.cpu_times()[:4])
    return spent


def _cpu_of_programs() -> float:
    """Seconds of all that were started here and have ended, in which no fork server is."""
    times = os.times()
    return times.children_user + times.children_system


def _memory() -> tuple[float, float]:
    count, total = (REGISTRY.get_sample_value(f"{MEMORY}_{s}") or 0.0 for s in ("count", "sum"))
    return count, total
