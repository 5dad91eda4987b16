"""A service from its description alone: opened, kept going, heard, drained, closed."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from mvidarr_common.bus import Bus, FromFirst, WorkQueue, open_bus
from mvidarr_common.envelope import Envelope, decode, fresh
from mvidarr_common.errors import Unavailable
from mvidarr_common.health import Readiness, health_app
from mvidarr_common.jobs import Job
from mvidarr_common.messages import Command
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import (
    CancelJob,
    JobCompleted,
    JobGivenUp,
    JobHandedBack,
    JobQueued,
    JobStarted,
    Noop,
    NothingDone,
)
from mvidarr_common.runtime import run_service, running
from mvidarr_common.service import Hears, Runtime, Service
from mvidarr_common.settings import Settings
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.web import serving

HEARD = WorkQueue("test.events", ("event.job.given_up",))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "state", data_root=tmp_path / "data", grace=6)


@pytest.fixture
async def bus() -> AsyncIterator[Bus]:
    async with open_bus("embedded::memory:", "test") as opened:
        yield opened


@asynccontextmanager
async def nothing(runtime: Runtime[Settings]) -> AsyncIterator[None]:
    yield None


async def noop(spec: Noop, job: Job[None]) -> NothingDone:
    return NothingDone()


async def log(bus: Bus) -> list[Envelope]:
    async with bus.read_log(FromFirst()) as reader:
        return [decode(record.body) for record in await reader.batch(wait=0.05)]


def given_up(job: str) -> Envelope:
    event = JobGivenUp(job_id=JobId(job), code="gone", message="It is gone.")
    return fresh(event, source="test")


async def test_a_service_opens_works_and_closes_in_order(bus: Bus, settings: Settings) -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def opened(runtime: Runtime[Settings]) -> AsyncIterator[str]:
        steps.append("open")
        runtime.checks["thing"] = lambda: "Not yet."
        yield "deps"
        steps.append("close")

    async def main(runtime: Runtime[Settings], deps: str) -> None:
        steps.append(f"main {deps}")
        try:
            await asyncio.Event().wait()
        finally:
            steps.append("main ends")

    service = Service("test", Settings, opened, (noop,), lambda _: {"noop": 1}, main=main)
    readiness = Readiness({"test"})
    assert readiness.problems() == {"test": "It is starting."}
    async with running(service, settings, bus, readiness):
        assert readiness.problems() == {"test.thing": "Not yet."}
        queued = JobQueued(job_id=JobId("job-1"), attempt=1, spec=Noop())
        await bus.publish(fresh(queued, source="test"))

        async def completed() -> bool:
            return any(isinstance(each.message, JobCompleted) for each in await log(bus))

        await eventually(completed)
    assert steps == ["open", "main deps", "main ends", "close"]


async def test_a_trace_runs_from_the_work_to_the_fact(bus: Bus, settings: Settings) -> None:
    service = Service("test", Settings, nothing, (noop,), lambda _: {"noop": 1})
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with running(service, settings, bus):
        queued = JobQueued(job_id=JobId("job-1"), attempt=1, spec=Noop())
        await bus.publish(fresh(queued, source="test").traced(trace))

        async def completed() -> list[Envelope]:
            return [each for each in await log(bus) if isinstance(each.message, JobCompleted)]

        (fact,) = await eventually(completed)
    assert fact.traceparent is not None
    assert fact.traceparent.split("-")[1] == trace.split("-")[1]


async def test_what_begins_here_begins_a_trace(bus: Bus, settings: Settings) -> None:
    async with running(Service("test", Settings, nothing), settings, bus) as runtime:
        await runtime.bus.publish(given_up("job-1"))
    assert (await log(bus))[-1].traceparent is not None


async def test_a_main_loop_that_dies_takes_the_service_along(bus: Bus, settings: Settings) -> None:
    async def main(runtime: Runtime[Settings], deps: None) -> None:
        raise RuntimeError("main is broken")

    async def ends(runtime: Runtime[Settings], deps: None) -> None:
        return

    for loop, sentence in ((main, "main is broken"), (ends, "has ended")):
        with pytest.raises(ExceptionGroup) as died:
            await run_service(Service("test", Settings, nothing, main=loop), settings, bus)
        assert sentence in str(died.value.exceptions[0])


async def test_a_queue_without_a_handler_is_refused_at_the_start(
    bus: Bus, settings: Settings
) -> None:
    service = Service("test", Settings, nothing, (noop,), lambda _: {"noop": 1, "media": 1})
    with pytest.raises(ExceptionGroup) as refused:
        await run_service(service, settings, bus)
    assert "media" in str(refused.value.exceptions[0])


async def test_what_is_heard_becomes_commands_with_ids_of_their_own(
    bus: Bus, settings: Settings
) -> None:
    async def tell(event: Envelope, deps: None) -> tuple[tuple[str, Command], ...]:
        assert isinstance(event.message, JobGivenUp)
        return tuple((key, CancelJob(job_id=event.message.job_id)) for key in ("one", "two"))

    service = Service("test", Settings, nothing, hears=Hears(HEARD, tell))
    async with bus.work(HEARD, 1, _never):
        pass
    async with running(service, settings, bus):

        async def commands(count: int) -> list[str]:
            ids = [each.id for each in await log(bus) if isinstance(each.message, CancelJob)]
            return ids if len(ids) == count else []

        await bus.publish(event := given_up("job-1"))
        once = await eventually(lambda: commands(2))
        await bus.publish(event)
        twice = await eventually(lambda: commands(4))
    assert len(set(once)) == len(set(twice)) == 2


async def test_what_cannot_be_told_now_is_told_later(bus: Bus, settings: Settings) -> None:
    calls: list[str] = []

    async def tell(event: Envelope, deps: None) -> tuple[tuple[str, Command], ...]:
        calls.append(event.subject)
        if len(calls) < 2:
            raise Unavailable("away", "The catalog is away.")
        if len(calls) < 3:
            raise KeyError("a defect")
        return ()

    service = Service("test", Settings, nothing, hears=Hears(HEARD, tell))
    async with bus.work(HEARD, 1, _never):
        pass
    await bus.publish(given_up("job-1"))
    async with running(service, settings, bus):
        await eventually(lambda: len(calls) == 3)
    assert await bus.depth(HEARD.name) == 0


async def _never(delivery: object) -> None:
    raise AssertionError


async def test_a_pause_ends_with_the_service_and_the_event_stays(
    bus: Bus, settings: Settings
) -> None:
    heard = asyncio.Event()

    async def tell(event: Envelope, deps: None) -> tuple[tuple[str, Command], ...]:
        heard.set()
        raise Unavailable("away", "The catalog is away.", after=3600)

    service = Service("test", Settings, nothing, hears=Hears(HEARD, tell))
    async with bus.work(HEARD, 1, _never):
        pass
    await bus.publish(given_up("job-1"))
    async with running(service, settings, bus):
        await heard.wait()
    assert await bus.depth(HEARD.name) == 1


async def test_orchestrators_and_prometheus_are_answered() -> None:
    readiness = Readiness()
    readiness.checks["disk"] = lambda: None
    async with (
        serving(health_app(readiness), "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        assert (await http.get("/health/live")).status_code == 200
        assert (await http.get("/health/ready")).json() == {"ready": True, "problems": {}}
        readiness.checks["disk"] = lambda: "The disk is full."
        answer = await http.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["problems"] == {"disk": "The disk is full."}
        readiness.checks["disk"] = lambda: None
        readiness.leaving = True
        assert (await http.get("/health/ready")).status_code == 503
        assert "mvidarr_job_deliveries_total" in (await http.get("/metrics")).text


PROCESS = """
import asyncio, sys
sys.path.insert(0, {root!r})
from mvidarr_common.runtime import up
from mvidarr_common.service import Service
from mvidarr_common.settings import Settings
from tests.integration.chassis.test_services import busy, nothing

asyncio.run(up([Service("test", Settings, nothing, (busy,), lambda _: {{"noop": 1}})]))
"""


async def busy(spec: Noop, job: Job[None]) -> NothingDone:
    logging.getLogger("test").warning("busy now")
    await job.run("sleep", "600")
    return NothingDone()


async def test_a_process_drains_on_sigterm_and_its_work_is_there_for_the_next(
    tmp_path: Path,
) -> None:
    script = PROCESS.format(root=str(Path(__file__).parents[3]))
    state = tmp_path / "state"
    environment = os.environ | {
        "MVIDARR_STATE_DIR": str(state),
        "MVIDARR_DATA_ROOT": str(tmp_path / "data"),
        "MVIDARR_GRACE": "5.1",
    }
    state.mkdir()
    url = f"embedded:{state / 'bus.sqlite'}"
    async with open_bus(url, "test") as bus:
        queued = JobQueued(job_id=JobId("job-1"), attempt=1, spec=Noop())
        await bus.publish(fresh(queued, source="test"))
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", script], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        while "busy now" not in await asyncio.to_thread(process.stderr.readline):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        rest = await asyncio.to_thread(process.communicate, None, 30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, rest
    async with open_bus(url, "test") as bus:
        assert await bus.depth("jobs.noop") == 1
        told = [type(each.message) for each in await log(bus)][1:]
    assert told == [JobQueued, JobStarted, JobHandedBack]
