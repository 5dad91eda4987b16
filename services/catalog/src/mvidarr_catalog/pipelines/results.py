"""What a job of its own has made lies in staging for whoever asked for it, and not for ever.

What the jobs of a run have made goes with the run.
"""

from collections.abc import Iterator
from datetime import timedelta

from mvidarr_catalog.brain.model import Decision, Later, ReadModel
from mvidarr_catalog.brain.state import Known
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import JobId, derive
from mvidarr_common.messages.jobs import AnyResult, ForgetResult, JobAdded, JobCompleted, Tidy

from .advancing import TIDY_PRIORITY
from .runs import Run

KEPT = timedelta(days=7)
"""As long as what dead jobs leave, by itself."""

model = ReadModel()


@model.decide
def remember(event: JobCompleted, cause: Envelope, state: Known) -> Iterator[Decision]:
    job = state.get(Job, event.job_id)
    if job and job.pipeline_id is None and is_staged(event.result):
        yield Later(cause.time + KEPT, ForgetResult(job_id=event.job_id))


@model.decide
def forget(command: ForgetResult, cause: Envelope, state: Known) -> Iterator[Decision]:
    """Of a job that was split the one that joined the parts has the result."""
    job = state.get(Job, command.job_id)
    if job is None:
        return
    run = state.get(Run, job.split) if job.split else None
    joined = (run.jobs["join"],) if run and "join" in run.jobs else ()
    yield JobAdded(
        job_id=JobId(derive(cause.id, "tidy")),
        spec=Tidy(jobs=(command.job_id, *joined)),
        for_subject=job.for_subject,
        priority=TIDY_PRIORITY,
    )


def is_staged(result: AnyResult) -> bool:
    """Whether it names files that lie in staging."""
    return '"staging/' in result.model_dump_json()
