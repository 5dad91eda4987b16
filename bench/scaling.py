"""The same 200 jobs with 1, 2 and 4 replicas of the workers, each held to a share of a core.

50 videos (BENCH_VIDEOS) are downloaded, verified, given thumbnails and placed. In the last run one
downloader and one transcoder leave half-way. Backlog and queues are recorded; the lines below a
figure say how many replicas KEDA's formula makes of them. Needs root and the kernel's cpu
controller.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.demo.site import Site
from mvidarr_common.messages.queries import Videos
from mvidarr_common.testing.outside import add, log, nothing_lost
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.servers import free_ports
from mvidarr_common.testing.system import System

from .ground import Ground
from .measure import Figure, Series
from .scaler import Recorded, scalers

SHARE = 0.15
VIDEOS = int(os.environ.get("BENCH_VIDEOS", "50"))
SITES = 8
AT_ONCE = 5
JOBS = 4 * VIDEOS
LIMIT = 900.0
_GROUPS = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """Throughput of each number of replicas, against the one before."""
    first: Series | None = None
    for replicas, leaving in ((1, False), (2, False), (4, False), (4, True)):
        seconds, recorded = await _run(ground, replicas, leaving)
        ours = Series("", (JOBS / seconds,))
        first = first or Series("one of each", ours.runs)
        what = f"{replicas} of each kind of worker" + (", then one less" if leaving else "")
        yield Figure(what, f"{JOBS} jobs, {SHARE} of a core each", "/s", ours, (first,))
        for line in _scaled(recorded):
            print(line, flush=True)


async def _run(ground: Ground, replicas: int, leaving: bool) -> tuple[float, list[Recorded]]:
    port = free_ports(1)[0]
    config = [f"prometheus.tcp.port = {port}", "prometheus.tcp.ip = 127.0.0.1"]
    workers = [f"{kind}#{n}" for kind in ("downloader", "transcoder") for n in range(replicas)]
    with RabbitNode(config=config, plugins=["rabbitmq_prometheus"]) as broker:
        system = System(
            ground.folder("scaling"),
            ("catalog", "api-gateway", *workers),
            amqp_url=broker.url(),
            database_url=await asyncio.to_thread(ground.postgres.new_database),
            allow_private_addresses=True,
            log_level="WARNING",
        )
        with system, _shares(system, workers):
            return await _work(ground, system, port, workers if leaving else ())


async def _work(
    ground: Ground, system: System, broker: int, workers: Sequence[str]
) -> tuple[float, list[Recorded]]:
    samples = [sample for sample in ground.samples if not sample.damaged]
    leaving = [workers[0], workers[-1]] if workers else []
    async with AsyncExitStack() as stack:
        # A site is spared: no more than a few downloads at once, however many workers there are.
        hosts = [f"127.0.0.{n}" for n in range(1, SITES + 1)]
        sites = [await stack.enter_async_context(Site(samples, host=host)) for host in hosts]
        client = await stack.enter_async_context(open_client(system.log_in(), patience=60))
        began, recorded = time.monotonic(), list[Recorded]()
        urls = [f"{sites[n % SITES].url(samples[n % 2].slug)}?{n}" for n in range(VIDEOS)]
        for n in range(0, VIDEOS, AT_ONCE):
            await asyncio.gather(*(add(client, url) for url in urls[n : n + AT_ONCE]))
        while (ready := await _ready(client)) < VIDEOS:
            seconds = time.monotonic() - began
            if seconds > LIMIT:
                raise RuntimeError(f"{ready} of {VIDEOS} videos were ready after {LIMIT:g} s")
            recorded.append(await asyncio.to_thread(_look, system, broker, seconds))
            if leaving and ready > VIDEOS / 2:
                await asyncio.to_thread(system.stop, *leaving)
                leaving = []
            await asyncio.sleep(1)
        seconds = time.monotonic() - began
        await _nothing_lost(client, system)
        return seconds, recorded


async def _ready(client: Client) -> int:
    videos = (await client.get("/videos", Videos, limit=2 * VIDEOS)).items
    if failed := [video.failure for video in videos if video.state == "failed"]:
        raise RuntimeError(f"{len(failed)} videos failed: {failed[0]}")
    return sum(video.state == "ready" for video in videos)


async def _nothing_lost(client: Client, system: System) -> None:
    """Nothing is parked, unanswered or damaged; and every video became ready once."""
    videos = (await client.get("/videos", Videos, limit=2 * VIDEOS)).items
    await nothing_lost(client, videos, system.root)
    told = Counter(r.subject for r in await log(client) if r.type == "event.video.ready")
    if set(told.values()) != {1} or len(told) != VIDEOS:
        raise RuntimeError(f"videos became ready so often: {told}")


def _look(system: System, broker: int, seconds: float) -> Recorded:
    """Both metrics, as Prometheus would have them now."""
    catalog = f"http://127.0.0.1:{system.metrics_port('catalog')}/metrics"
    queues = f"http://127.0.0.1:{broker}/metrics/detailed?family=queue_coarse_metrics"
    return Recorded(
        seconds, _sums(queues, "rabbitmq_detailed_queue_messages"), _sums(catalog, "mvidarr_jobs")
    )


def _sums(url: str, metric: str) -> dict[str, float]:
    """A metric by its label `queue`, all else added up."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(httpx.get(url, timeout=30).text):
        for sample in family.samples if family.name == metric else ():
            queue = sample.labels["queue"]
            found[queue] = found.get(queue, 0) + sample.value
    return found


def _scaled(recorded: Sequence[Recorded]) -> Iterator[str]:
    """Eight moments: what was recorded, and what the scalers make of it."""
    ours = scalers()
    for moment in recorded[:: max(1, len(recorded) // 8)]:
        backlog = {q: int(n) for q, n in moment.backlog.items() if n}
        depth = {q: int(n) for q, n in moment.messages.items() if n and q.startswith("jobs.")}
        wanted = ", ".join(f"{k} {ours[k].wanted(moment)}" for k in ("downloader", "transcoder"))
        yield f"      {moment.seconds:4.0f} s: backlog {backlog}, queues {depth} → {wanted}"


@contextmanager
def _shares(system: System, workers: Sequence[str]) -> Iterator[None]:
    """Every worker with its children in a group of its own that has a share of a core."""
    groups = [_group(name) for name in workers]
    try:
        for name, group in zip(workers, groups, strict=True):
            process = psutil.Process(system.pid(name))
            for each in (process, *process.children(recursive=True)):
                (group / "cgroup.procs").write_text(str(each.pid))
        yield
    finally:
        system.close()
        for group in groups:
            group.rmdir()


def _group(name: str) -> Path:
    above = next(each for each in _GROUPS if (each / "cgroup.procs").exists())
    group = above / f"mvidarr-{os.getpid()}-{name.replace('#', '-')}"
    group.mkdir()
    if (group / "cpu.max").exists():
        (group / "cpu.max").write_text(f"{int(SHARE * 100_000)} 100000")
    else:
        (group / "cpu.cfs_quota_us").write_text(str(int(SHARE * 100_000)))
    return group
