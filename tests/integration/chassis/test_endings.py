"""How attempts end: by a stop, by a drain, by success or failure; and what stays in staging."""

import asyncio
from pathlib import Path

import pytest

from mvidarr_common import run as runs
from mvidarr_common.bus import Gap
from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.jobs import Job
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import (
    JobCompleted,
    JobFailed,
    JobHandedBack,
    JobProgressed,
    JobStarted,
    Noop,
    NothingDone,
    StopJob,
    Thumbnails,
    ThumbnailsMade,
)
from mvidarr_common.messages.steering import JobPaused
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.worker import run_job

from .conftest import Shop, Slip, queued, staged_work


class Patient:
    """A handler that leaves a partial file and sleeps in a program until it is ended."""

    def __init__(self) -> None:
        self.up = asyncio.Event()

    async def handle(self, spec: Noop, job: Job[None]) -> NothingDone:
        (job.staging / "video.part").write_text("half")
        await job.run("sh", "-c", "echo up; sleep 600", on_line=lambda _: self.up.set())
        return NothingDone()


def staged(root: DataRoot, job: str = "job-1") -> list[str]:
    """What lies in the staging folders of a job."""
    folder = root.staging(JobId(job))
    return sorted(path.name for path in folder.glob("*/*"))


async def test_a_stop_ends_the_attempt_and_nothing_is_said_of_it(shop: Shop) -> None:
    patient = Patient()
    async with shop.serving(shop.worker(patient.handle)):
        await shop.bus.publish(queued(attempt=2))
        await patient.up.wait()
        await shop.bus.signal(fresh(StopJob(job_id=JobId("job-1"), attempt=2), source="test"))
        await eventually(lambda: not staged(shop.root))
    assert [type(each) for each in await shop.said(JobStarted, JobFailed, JobHandedBack)] == [
        JobStarted
    ]
    assert await shop.bus.depth("jobs.noop") == 0
    assert not shop.root.staging(JobId("job-1")).exists()


async def test_a_pause_is_told_and_the_partial_files_stay_for_whoever_resumes(shop: Shop) -> None:
    patient = Patient()
    async with shop.serving(shop.worker(patient.handle)):
        await shop.bus.publish(queued())
        await patient.up.wait()
        pause = StopJob(job_id=JobId("job-1"), attempt=1, reason="pause")
        await shop.bus.signal(fresh(pause, source="test"))
        await eventually(lambda: shop.said(JobPaused))
    [paused] = await shop.said(JobPaused, JobFailed, JobHandedBack)
    assert isinstance(paused, JobPaused)
    assert (paused.attempt, paused.worker_id) == (1, "one")
    assert await shop.bus.depth("jobs.noop") == 0
    assert "video.part" in staged(shop.root)


async def test_a_cancellation_outdoes_a_pause_that_outdoes_a_leave(shop: Shop) -> None:
    patient = Patient()
    worker, slip = shop.worker(patient.handle), Slip(queued().encode())
    task = asyncio.create_task(worker.take(slip))
    await patient.up.wait()
    worker.stop(JobId("job-1"), 1, pause=True)
    worker.stop(JobId("job-1"), 1)
    worker.stop(JobId("job-1"), 1, pause=True)
    await task
    assert slip.became == "acked"
    assert await shop.said(JobPaused) == []
    assert not shop.root.staging(JobId("job-1")).exists()


async def test_a_stop_of_earlier_attempts_lets_this_one_run(shop: Shop) -> None:
    patient = Patient()
    worker = shop.worker(patient.handle)
    slip = Slip(queued(attempt=2).encode())
    task = asyncio.create_task(worker.take(slip))
    await patient.up.wait()
    worker.stop(JobId("job-1"), 1)
    worker.stop(JobId("job-2"), 2)
    assert slip.became == "lent"
    worker.stop(JobId("job-1"), 3)
    await task
    assert slip.became == "acked"


async def test_a_handler_that_swallows_the_stop_still_says_nothing(shop: Shop) -> None:
    entered = asyncio.Event()

    async def deaf(spec: Noop, job: Job[None]) -> NothingDone:
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return NothingDone()
        raise AssertionError

    worker, slip = shop.worker(deaf), Slip(queued().encode())
    task = asyncio.create_task(worker.take(slip))
    await entered.wait()
    worker.stop(JobId("job-1"), 1)
    await task
    assert slip.became == "acked"
    assert await shop.said(JobCompleted, JobFailed) == []


async def test_a_drain_hands_back_what_cannot_finish_and_keeps_its_partial_files(
    shop: Shop,
) -> None:
    patient = Patient()
    async with shop.serving(shop.worker(patient.handle, grace=5.01)) as stopping:
        await shop.bus.publish(queued())
        await patient.up.wait()
        stopping.set()
    assert [type(each) for each in await shop.said(JobHandedBack, JobFailed)] == [JobHandedBack]
    assert await shop.bus.depth("jobs.noop") == 1
    assert "video.part" in staged(shop.root)


async def test_a_drain_lets_work_finish_and_takes_no_more(shop: Shop) -> None:
    go, entered = asyncio.Event(), asyncio.Event()

    async def handle(spec: Noop, job: Job[None]) -> NothingDone:
        entered.set()
        await go.wait()
        return NothingDone()

    worker = shop.worker(handle)
    async with shop.serving(worker) as stopping:
        await shop.bus.publish(queued())
        await entered.wait()
        stopping.set()
        await eventually(lambda: worker.leaving)
        await shop.bus.publish(queued(job="job-2"))
        go.set()
    assert [type(each) for each in await shop.said(JobCompleted, JobHandedBack)] == [JobCompleted]
    assert await shop.bus.depth("jobs.noop") == 1


async def test_partial_files_go_to_the_next_attempt_and_results_stay(shop: Shop) -> None:
    async def resume(spec: Thumbnails, job: Job[None]) -> ThumbnailsMade:
        for folder in job.earlier():
            (folder / "video.part").rename(job.staging / "video.part")
        part = job.staging / "video.part"
        if not part.exists():
            part.write_text("half")
            raise JobError("network", "The line broke.", retry=True)
        part.rename(job.staging / "video.mkv")
        return ThumbnailsMade(artwork=())

    await shop.worker(resume, name="one").take(Slip(staged_work().encode()))
    assert staged(shop.root) == [".lock", "video.part"]
    await shop.worker(resume, name="two").take(Slip(staged_work(attempt=2).encode()))
    assert staged(shop.root) == [".lock", ".told", "video.mkv"]
    assert len(await shop.said(JobFailed, JobCompleted)) == 2


async def test_notes_of_work_that_stages_nothing_go_with_its_message(shop: Shop) -> None:
    async def move(spec: Noop, job: Job[None]) -> NothingDone:
        (job.staging / "moves.json").write_text("{}")
        return NothingDone()

    await shop.worker(move).take(Slip(queued().encode()))
    assert not shop.root.staging(JobId("job-1")).exists()


async def test_a_failure_for_good_leaves_no_file(shop: Shop) -> None:
    retry = [True, False]

    async def fail(spec: Noop, job: Job[None]) -> NothingDone:
        (job.staging / "video.part").write_text("half")
        raise JobError("gone", "It is gone.", retry=retry.pop(0))

    await shop.worker(fail).take(Slip(queued().encode()))
    assert "video.part" in staged(shop.root)
    await shop.worker(fail).take(Slip(queued(attempt=2).encode()))
    assert not shop.root.staging(JobId("job-1")).exists()


async def test_an_attempt_has_an_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "HARD_LIMIT", 0.05)

    async def forever(spec: Noop, job: Job[None]) -> NothingDone:
        await asyncio.Event().wait()
        raise AssertionError

    await shop.worker(forever).take(Slip(queued().encode()))
    (told,) = await shop.said(JobFailed)
    assert isinstance(told, JobFailed)
    assert (told.code, told.retryable) == ("took_too_long", True)


async def test_progress_is_told_live_and_the_last_word_goes_out(shop: Shop) -> None:
    async def busy(spec: Noop, job: Job[None]) -> NothingDone:
        for percent in range(101):
            job.progress("counting", fraction=percent / 100)
        return NothingDone()

    async with shop.bus.listen("signal.job.progressed") as live:
        await shop.worker(busy).take(Slip(queued().encode()))
        heard = await anext(aiter(live))
    assert not isinstance(heard, Gap)
    assert isinstance(heard, Envelope)
    assert isinstance(heard.message, JobProgressed)
    assert (heard.message.stage, heard.message.fraction) == ("counting", 1.0)
    assert await shop.said(JobProgressed) == []


async def test_one_handler_runs_without_a_bus(tmp_path: Path) -> None:
    heard: list[JobProgressed] = []

    async def handle(spec: Noop, job: Job[str]) -> NothingDone:
        assert job.deps == "deps"
        job.progress("half", fraction=0.5)
        earlier = [path.name for folder in job.earlier() for path in folder.glob("*.part")]
        (job.staging / "x.part").touch()
        if not earlier:
            raise JobError("network", "The line broke.", retry=True)
        assert (await job.run("true")).code == 0
        assert await job.call(int, "12") == 12
        return NothingDone()

    root = DataRoot(tmp_path)
    with pytest.raises(JobError):
        await run_job(handle, Noop(), "deps", root)
    assert await run_job(handle, Noop(), "deps", root, told=heard.append) == NothingDone()
    assert heard[-1].fraction == 0.5
