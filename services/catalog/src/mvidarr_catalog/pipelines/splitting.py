"""A long transcode on many workers: parts beside one another, then a join; its end is the job's.

Fan-out and fan-in are a plan like any other, made for the one job. A run that fails, also because
the parts turned out not to be the film, leaves the job to one worker.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.jobs.jobs import ENDED, Job, cancelling, keep
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.ids import JobId, PipelineId, WorkerId
from mvidarr_common.messages.jobs import (
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobSplit,
    OwnRecipe,
    PartsJoined,
    PipelineCancelled,
    PipelineCompleted,
    PipelineFailed,
    PipelineStarted,
    Transcode,
    Transcoded,
)
from mvidarr_common.messages.work.plans import EncodePartStep, JoinPartsStep, PipelinePlan

from .advancing import cancelling_run
from .runs import Run
from .task import RunInputs

NAME = "split"
MOST_PARTS, PARTS_EACH = 32, 8
"""At most so many in all, and for each free worker: the more there are, the less one of them waits
in the end for the last part of another."""

model = ReadModel()


@dataclass(frozen=True, slots=True)
class SplitRule:
    """When a transcode is split: from `longer_than` seconds on (0: never), into parts about so
    long."""

    longer_than: float
    part: float


def is_splittable(spec: Transcode, rule: SplitRule) -> bool:
    """Whether parts of it together would be the whole: what looks at all of a film, or at several
    pictures at once, or counts them, is one worker's work."""
    picture, how = spec.facts.picture, spec.treatment
    silent = isinstance(spec.recipe, OwnRecipe) and spec.recipe.video is None
    if picture is None or silent or spec.recipe == "audio_only":
        return False
    burns = how.subtitles == "burn" and bool(spec.facts.subtitles)
    blends = how.deinterlace and picture.interlaced
    if how.crop or how.copy_fitting or how.hardware or burns or blends or how.most_fps is not None:
        return False
    return 0 < rule.longer_than <= (spec.facts.duration or 0.0)


def parts_of(duration: float, idle: int, rule: SplitRule) -> int:
    """How many parts: as long as they should be, and a multiple of the workers that are free."""
    wished = min(int(duration / rule.part), PARTS_EACH * idle, MOST_PARTS)
    return max(2, wished - wished % idle if wished > idle else wished)


def plan_for(spec: Transcode, parts: int) -> PipelinePlan:
    """Parts of the same length, and the sound at once, beside one another; then the join."""
    duration = spec.facts.duration or 0.0
    ends = [duration * number / parts for number in range(1, parts)]
    begins = [0.0, *ends]
    steps: list[EncodePartStep | JoinPartsStep] = [
        EncodePartStep(name=f"part-{number}", begin=begin, end=end)
        for number, (begin, end) in enumerate(zip(begins, [*ends, None], strict=True), start=1)
    ]
    if spec.facts.audio:
        steps.insert(0, EncodePartStep(name="sound", what="sound"))
    names = tuple(step.name for step in steps)
    return PipelinePlan(
        title="One film on many workers", steps=(*steps, JoinPartsStep(name="join", after=names))
    )


@model.fold
def split(event: JobSplit, _: Envelope, state: State) -> None:
    """It runs, though no worker has it; others have its parts."""
    job = state.get(Job, event.job_id)
    if job and job.state == "waiting" and job.attempt == event.attempt:
        keep(state, job.changed(state="running", split=event.pipeline_id))


@model.decide
def begin(event: JobSplit, _: Envelope, state: Known) -> Iterator[Decision]:
    job = state.get(Job, event.job_id)
    if job and isinstance(job.spec, Transcode) and job.split == event.pipeline_id:
        inputs = RunInputs(whole=job.spec, job_id=event.job_id)
        yield PipelineStarted(
            pipeline_id=event.pipeline_id,
            name=NAME,
            for_subject=f"job/{event.job_id}",
            inputs=inputs.model_dump(mode="json"),
            plan=plan_for(job.spec, event.parts),
        )


@model.decide
def done(event: PipelineCompleted, cause: Envelope, state: Known) -> Iterator[Decision]:
    run, job = _of(event, state)
    joined = run.results.get("join") if run else None
    if run is None or job is None or not isinstance(joined, PartsJoined):
        return
    yield JobCompleted(
        job_id=JobId(job.id),
        attempt=job.attempt,
        worker_id=WorkerId(f"run/{run.id}"),
        result=Transcoded(
            path=joined.path, sha256=joined.sha256, facts=joined.facts, notes=joined.notes
        ),
        seconds=(cause.time - run.added).total_seconds(),
    )


@model.decide
def failed(event: PipelineFailed, _: Envelope, state: Known) -> Iterator[Decision]:
    """The next attempt is not split."""
    _run, job = _of(event, state)
    if job:
        yield JobFailed(
            job_id=JobId(job.id),
            attempt=job.attempt,
            code=event.code,
            message=f"In parts: {event.message}",
            retryable=True,
        )


@model.decide
def cancelled(event: PipelineCancelled, _: Envelope, state: Known) -> Iterator[Decision]:
    _run, job = _of(event, state)
    if job:
        yield from cancelling(job)


@model.decide
def cancel_parts(event: JobCancelled, _: Envelope, state: Known) -> Iterator[Decision]:
    job = state.get(Job, event.job_id)
    run = state.get(Run, job.split) if job and job.split else None
    if run:
        yield from cancelling_run(run)


def _of(
    event: PipelineCompleted | PipelineFailed | PipelineCancelled, state: Known
) -> tuple[Run | None, Job | None]:
    """The run and the job that waits for it; None if it does not wait any more."""
    if event.name != NAME:
        return None, None
    run = state.get(Run, event.pipeline_id)
    id = RunInputs.model_validate(run.inputs).job_id if run else None
    job = state.get(Job, id) if id else None
    waits = job is not None and job.split == PipelineId(event.pipeline_id)
    return run, job if job and waits and job.state not in ENDED else None
