"""How runs are asked for: every step with its state, and how far the whole is."""

from collections.abc import Mapping
from types import MappingProxyType

from mvidarr_catalog.brain.filters import fields_of, inside
from mvidarr_catalog.brain.model import ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_common.messages.ids import PipelineId
from mvidarr_common.messages.queries import (
    GetRun,
    ListRuns,
    Runs,
    RunView,
    StepState,
    StepView,
    fraction_of,
)
from mvidarr_common.messages.work.plans import AnyStep

from .graph import Fate, fates
from .runs import Run

WEIGHTS: Mapping[str, int] = {"download": 4, "verify": 2, "transcode": 8, "hls": 8, "quality": 2}
"""How long a kind of step takes, compared with others, which count as 1."""

FIELDS = fields_of(
    Run, "id", "name", "state", "for_subject", "bulk_id", "attempt", "failed_step", "added", "ended"
) | {"failure.code": inside("text", "failure.code")}
"""What runs are filtered by."""

model = ReadModel()


@model.query
async def get(query: GetRun, read: Read) -> RunView:
    """A step whose job is split is as far as the run of its parts."""
    run = await read.one(Run, query.id, "run")
    begun = set(run.jobs.values())
    jobs = read.table(Job).c
    split = await read.rows(Job, jobs.id.in_(begun), jobs.split.is_not(None)) if begun else []
    return view(run, {job.id: await _split_so_far(job, read) for job in split})


@model.query
async def list_runs(query: ListRuns, read: Read) -> Runs:
    columns = read.table(Run).c
    asked = {
        "state": query.state, "name": query.name, "for_subject": query.for_subject,
        "bulk_id": query.bulk_id,
    }  # fmt: skip
    where = [columns[name] == value for name, value in asked.items() if value is not None]
    found = await read.page(Run, query, FIELDS, *where)
    return Runs(items=tuple(view(run) for run in found.rows), next=found.next, total=found.total)


async def _split_so_far(job: Job, read: Read) -> float:
    parts = await read.rows(Run, read.table(Run).c.id == job.split)
    return view(parts[0]).fraction if parts else 0.0


def view(run: Run, split: Mapping[str, float] = MappingProxyType({})) -> RunView:
    """A run as people see it; `split` says how far jobs are that others do in parts."""
    found = fates(run.steps, run.progress, _begun_or_not_needed)
    steps = tuple(_step(run, step, found[step.name], split) for step in run.steps.steps)
    return RunView(
        id=PipelineId(run.id),
        name=run.name,
        version=run.version,
        for_subject=run.for_subject,
        state=run.state,
        fraction=fraction_of([(step.weight, step.fraction) for step in steps]),
        attempt=run.attempt,
        steps=steps,
        failure=run.failure,
        failed_step=run.failed_step,
        bulk_id=run.bulk_id,
        added=run.added,
        ended=run.ended,
    )


def _begun_or_not_needed(_: AnyStep) -> bool:
    """A run begins every step at once whose turn it is: one that has not begun was left out."""
    return False


def _step(run: Run, step: AnyStep, fate: Fate, split: Mapping[str, float]) -> StepView:
    job = run.jobs.get(step.name)
    return StepView(
        name=step.name,
        does=step.does,
        after=step.after,
        state=_state(run, step, fate),
        job_id=job,
        failure=run.failures.get(step.name),
        weight=WEIGHTS.get(step.does, 1),
        fraction=1.0 if fate != "open" else split.get(job or "", 0.0),
    )


def _state(run: Run, step: AnyStep, fate: Fate) -> StepState:
    if fate != "open":
        return fate
    if run.state != "running":
        return "cut_off"
    return "running" if step.name in run.jobs else "waiting"
