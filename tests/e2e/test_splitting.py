"""One film on two workers, one of which is killed: it costs one part."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import pytest

from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.demo.samples import Sample
from mvidarr_common.messages.jobs import Transcode
from mvidarr_common.messages.queries import JobView, RecordView, Runs
from mvidarr_common.messages.system import WorkerAlive
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.outside import log, plays
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.system import System
from mvidarr_transcoder.media import measure, timing

pytestmark = pytest.mark.timeout(240)
PROCESSES = ("catalog", "api-gateway", "transcoder#1", "transcoder#2")


@pytest.fixture(scope="module")
def system(
    rabbit_node: RabbitNode, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """Two workers with a place each, who share films from five seconds on."""
    with System(
        tmp_path_factory.mktemp("splitting"), PROCESSES,
        amqp_url=rabbit_node.url(rabbit_node.new_vhost()), database_url=postgres.new_database(),
        split_longer_than=5, split_part=3, transcode_slots=1,
    ) as system:  # fmt: skip
        yield system


@pytest.fixture
async def client(system: System) -> AsyncIterator[Client]:
    """The administrator."""
    access = await asyncio.to_thread(system.log_in)
    async with open_client(access, patience=60) as client:
        yield client


async def starts(client: Client) -> list[RecordView]:
    """Every beginning of a part, oldest first."""
    records = await log(client)
    parts = {
        r.subject for r in records
        if r.type == "event.job.added" and r.data["spec"]["kind"] == "encode_part"
    }  # fmt: skip
    return [r for r in records if r.type == "event.job.started" and r.subject in parts]


async def both_heard(client: Client) -> None:
    """Until both workers have said that they live."""
    words: set[str] = set()
    async with asyncio.timeout(60), aclosing(client.events("system")) as frames:
        async for frame in frames:
            if isinstance(word := frame.message, WorkerAlive):
                words.add(word.worker_id)
            if len(words) == 2:
                return


async def test_a_killed_worker_costs_one_part_of_the_film(
    system: System, client: Client, film: Sample
) -> None:
    await both_heard(client)
    path = system.root.library / "film.mp4"
    await asyncio.to_thread(path.parent.mkdir, parents=True)
    await asyncio.to_thread(shutil.copy, film.path, path)
    spec = Transcode(path="library/film.mp4", recipe="high_quality", facts=measure(str(path)))
    told = await client.tell("/jobs", JobView, {"spec": spec.model_dump(mode="json")}, wait=30)
    assert told.state is not None

    async def both_at_work() -> str:
        workers = [r.data["workerId"] for r in await starts(client)]
        assert len(set(workers)) == 2
        return str(workers[0])

    worker = await eventually(both_at_work, 60, every=0.05)
    victim = next(n for n in PROCESSES if f"-{system.pid(n)}-" in worker)
    await asyncio.to_thread(system.kill, victim)

    async def done() -> JobView:
        job = await client.get(f"/jobs/{told.state.id if told.state else ''}", JobView)
        assert job.state == "completed", job.state
        return job

    job = await eventually(done, 120, every=0.1)
    again = {id: n for id, n in Counter(r.subject for r in await starts(client)).items() if n > 1}
    assert len(again) <= 1
    assert job.attempt == 1
    assert job.result is not None
    made = system.root.at(job.result["path"])
    assert await plays(made)
    assert len(timing(str(made)).pictures) == len(timing(str(path)).pictures)
    [run] = (await client.get("/runs", Runs, filter="name = split")).items
    assert (run.state, len(run.steps)) == ("completed", 6)
