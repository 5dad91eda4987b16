"""The dispatcher releases nothing to a site that has asked for a pause, and all else goes on."""

from typing import Any

from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import EnqueueJob, Inspect, JobFailed
from mvidarr_common.messages.queries import JobState, JobView, ListJobs
from mvidarr_common.testing.conditions import eventually


async def test_one_refusal_holds_back_all_jobs_of_the_site_and_no_others(world: Any) -> None:
    async def jobs(state: JobState) -> list[JobView]:
        return list((await world.ask(ListJobs(state=state))).items)

    async def released(url: str) -> JobView | None:
        queued = await jobs("queued")
        return next((job for job in queued if job.spec["url"] == url), None)

    async with world.leading():
        first = "https://busy.example/1"
        await world.say(EnqueueJob(spec=Inspect(url=first)))
        job = await eventually(lambda: released(first))
        assert job
        refused = JobFailed(
            job_id=JobId(job.id), attempt=1, code="rate_limited", message="Slowly.",
            retryable=False, after=3600,
        )  # fmt: skip
        said = await world.say(refused)
        await eventually(lambda: world.known(said))
        await world.say(EnqueueJob(spec=Inspect(url="https://busy.example/2"), priority=9))
        await world.say(EnqueueJob(spec=Inspect(url="https://other.example/1")))
        await eventually(lambda: released("https://other.example/1"))
        assert [job.spec["url"] for job in await jobs("waiting")] == ["https://busy.example/2"]
