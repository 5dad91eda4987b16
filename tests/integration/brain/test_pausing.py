"""A running job is paused and resumed, on each engine of the bus."""

from mvidarr_common.messages.ids import WorkerId
from mvidarr_common.messages.jobs import (
    EnqueueJob,
    JobCompleted,
    JobStarted,
    Noop,
    NothingDone,
    StopJob,
)
from mvidarr_common.messages.queries import JobView, ListJobs
from mvidarr_common.messages.steering import JobPaused, PauseJob, ResumeJob
from mvidarr_common.testing.conditions import eventually

from .conftest import World

W = WorkerId("w")


async def jobs(world: World, filter: str) -> list[JobView]:
    """Those that match."""
    return list((await world.ask(ListJobs(filter=filter))).items)


async def test_a_running_job_is_paused_by_its_worker_and_resumed_by_another(world: World) -> None:
    async with world.leading(), world.bus.listen("signal.job.stop") as stops:
        await world.say(EnqueueJob(spec=Noop()))
        await eventually(lambda: jobs(world, "state = queued"))
        [job] = await jobs(world, "state = queued")
        start = JobStarted(job_id=job.id, attempt=1, worker_id=W, delivery="d")
        await world.say(start)
        await world.say(PauseJob(job_id=job.id))
        heard = await anext(aiter(stops))
        assert getattr(heard, "message", None) == StopJob(job_id=job.id, attempt=1, reason="pause")
        await world.say(JobPaused(job_id=job.id, attempt=1, worker_id=W, delivery="d"))
        await world.say(ResumeJob(job_id=job.id))
        await eventually(lambda: jobs(world, "state = queued and attempt = 2 and spent = 0"))
        done = NothingDone()
        await world.say(JobCompleted(job_id=job.id, attempt=2, worker_id=W, result=done, seconds=1))
        await eventually(lambda: jobs(world, "state = completed"))
