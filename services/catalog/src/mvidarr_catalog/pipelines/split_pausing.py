"""A split job that is paused has its parts paused, and what would begin meanwhile; then resumed.

The run of the parts stays as it is, so that what was done before the pause is not done again.
"""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.jobs.jobs import ENDED, Job, keep
from mvidarr_catalog.jobs.pausing import pausing
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobAdded, JobRescheduled
from mvidarr_common.messages.steering import JobPaused

from .runs import Run
from .task import RunInputs

model = ReadModel()


@model.fold
def resumed(event: JobRescheduled, _: Envelope, state: State) -> None:
    """It runs again as it did: its parts do."""
    job = state.get(Job, event.job_id)
    if job and job.state == "waiting" and job.attempt == event.attempt and _parts(job, state):
        keep(state, job.changed(state="running", due=None))


@model.decide
def pause_parts(event: JobPaused, _: Envelope, state: Known) -> Iterator[Decision]:
    job = state.get(Job, event.job_id)
    for part in _parts(job, state) if job and job.state == "paused" else ():
        if part.state not in (*ENDED, "paused"):
            yield from pausing(part)


@model.decide
def pause_what_begins(event: JobAdded, _: Envelope, state: Known) -> Iterator[Decision]:
    """The last part may have been done before its worker heard of the pause."""
    run = state.get(Run, event.pipeline_id) if event.pipeline_id else None
    whole = RunInputs.model_validate(run.inputs).job_id if run else None
    job, begun = state.get(Job, whole) if whole else None, state.get(Job, event.job_id)
    if job and begun and job.state == "paused" and begun.state not in (*ENDED, "paused"):
        yield from pausing(begun)


@model.decide
def resume_parts(event: JobRescheduled, cause: Envelope, state: Known) -> Iterator[Decision]:
    job = state.get(Job, event.job_id)
    for part in _parts(job, state) if job and job.state == "running" else ():
        if part.state == "paused":
            yield JobRescheduled(
                job_id=JobId(part.id),
                attempt=part.attempt + 1,
                due=cause.time,
                reason=event.reason,
                spent=part.spent,
            )


def _parts(job: Job, state: Known) -> list[Job]:
    """The jobs that do it in its stead, while their run goes."""
    run = state.get(Run, job.split) if job.split else None
    found = [state.get(Job, id) for id in run.jobs.values()] if run else []
    return [part for part in found if part] if run and run.state == "running" else []
