"""Workers in a story: they do what is waiting, well or badly, until nothing is left."""

from collections.abc import Callable

from tests.unit.catalog.findings import result_of

from mvidarr_catalog.jobs.jobs import ENDED, Job
from mvidarr_catalog.pipelines.runs import Run
from mvidarr_catalog.testing import Story
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId, WorkerId
from mvidarr_common.messages.jobs import AnyResult, JobCompleted, JobFailed


def going(story: Story) -> list[Job]:
    """Jobs that have not ended, in the order in which they were added."""
    jobs = [job for job in story.rows(Job) if job.state not in ENDED]
    return sorted(jobs, key=lambda job: (job.added, job.id))


def work(
    story: Story,
    *kinds: str,
    fails: Callable[[Job], bool] = lambda _: False,
    finds: Callable[[Job], AnyResult] = result_of,
) -> list[Message]:
    """Do the jobs of these kinds, or all; those that fail do so for good. Gives what was said."""
    said: list[Message] = []
    while todo := [
        job
        for job in going(story)
        if _has_a_worker(story, job) and (not kinds or job.kind in kinds)
    ]:
        said += story.live(_word(todo[0], fails, finds))
    return said


def _has_a_worker(story: Story, job: Job) -> bool:
    """A job that is split has none; its parts have."""
    return job.split is None or story.row(Run, job.split).state != "running"


def _word(
    job: Job, fails: Callable[[Job], bool], finds: Callable[[Job], AnyResult]
) -> JobCompleted | JobFailed:
    id = JobId(job.id)
    if fails(job):
        return JobFailed(
            job_id=id, attempt=job.attempt, code="broken", message="It broke.", retryable=False
        )
    return JobCompleted(
        job_id=id, attempt=job.attempt, worker_id=WorkerId("w"), result=finds(job), seconds=1
    )
