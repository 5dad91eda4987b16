"""One pipeline over every video that a filter matches: one progress, one cancel.

`bulk_chore` looks the videos up, a few at a time, so that runs begin as others end.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from mvidarr_catalog.brain.filters import fields_of, matching
from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row, table_of
from mvidarr_catalog.brain.state import Known, State
from mvidarr_catalog.library.video_queries import FIELDS
from mvidarr_catalog.library.videos import Video, subject_of
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, NotFound, Problem
from mvidarr_common.messages.ids import PipelineId, derive
from mvidarr_common.messages.jobs import (
    PipelineCancelled,
    PipelineCompleted,
    PipelineFailed,
    PipelineStarted,
)
from mvidarr_common.messages.pipelines import (
    BulkCancelled,
    BulkFinished,
    BulkStarted,
    BulkWent,
    CancelBulk,
    RunPipelineOver,
)
from mvidarr_common.messages.queries import Bulks, BulkView, GetBulk, ListBulks
from mvidarr_common.messages.work.plans import PipelinePlan

from .advancing import cancelling_run
from .asking import require_inputs, require_runnable
from .own import plan_of
from .runs import Run
from .standard import STANDARD

BulkState = Literal["running", "finished", "cancelled"]


class Bulk(Row, table="bulks", subject="bulk", indexes=(("added",), ("state",))):
    """One bulk: how far it has come in the order of the videos' ids, and its runs that go.
    `rest` is how many videos come after `last`, None until somebody has looked."""

    name: str
    filter: str | None
    plan: PipelinePlan
    edition: int | None
    state: BulkState
    last: str
    rest: int | None
    begun: int
    running: tuple[PipelineId, ...]
    completed: int
    failed: int
    cancelled: int
    added: datetime


OWN_FIELDS = fields_of(Bulk, "id", "name", "state", "completed", "failed", "cancelled", "added")
"""What bulks are filtered by."""

model = ReadModel(rows=(Bulk,), version=1)


@model.fold
def started(event: BulkStarted, cause: Envelope, state: State) -> None:
    state.put(
        Bulk(
            id=event.bulk_id, name=event.name, filter=event.filter, plan=event.plan,
            edition=event.edition, state="running", last="", rest=None, begun=0, running=(),
            completed=0, failed=0, cancelled=0, added=cause.time,
        )
    )  # fmt: skip


@model.fold
def went(event: BulkWent, _: Envelope, state: State) -> None:
    bulk = state.get(Bulk, event.bulk_id)
    if bulk:
        last = event.videos[-1] if event.videos else bulk.last
        begun = bulk.begun + len(event.videos)
        state.put(bulk.changed(last=last, rest=event.rest, begun=begun))


@model.fold
def run_began(event: PipelineStarted, _: Envelope, state: State) -> None:
    bulk = state.get(Bulk, event.bulk_id) if event.bulk_id else None
    if bulk:
        state.put(bulk.changed(running=(*bulk.running, event.pipeline_id)))


@model.fold
def run_completed(event: PipelineCompleted, _: Envelope, state: State) -> None:
    _run_ended(event.pipeline_id, "completed", state)


@model.fold
def run_failed(event: PipelineFailed, _: Envelope, state: State) -> None:
    _run_ended(event.pipeline_id, "failed", state)


@model.fold
def run_cancelled(event: PipelineCancelled, _: Envelope, state: State) -> None:
    _run_ended(event.pipeline_id, "cancelled", state)


@model.fold
def finished(event: BulkFinished, _: Envelope, state: State) -> None:
    _end(event.bulk_id, "finished", state)


@model.fold
def cancelled(event: BulkCancelled, _: Envelope, state: State) -> None:
    _end(event.bulk_id, "cancelled", state)


@model.decide
def run_over(command: RunPipelineOver, cause: Envelope, state: Known) -> Iterator[Decision]:
    """A filter that cannot be used is refused now, and not when it is first applied."""
    plan, edition = plan_of(state, command.name)
    require_runnable(command.name)
    matching(command.filter, FIELDS, table_of(Video, 0))
    yield BulkStarted(
        bulk_id=derive(cause.id, "bulk"),
        name=command.name,
        filter=command.filter,
        plan=plan,
        edition=edition,
    )


@model.decide
def begin_runs(event: BulkWent, cause: Envelope, state: Known) -> Iterator[Decision]:
    """A video that the pipeline cannot work on, or that another run works on, is passed over."""
    bulk = state.get(Bulk, event.bulk_id)
    for id in event.videos if bulk and bulk.state == "running" else ():
        video = state.get(Video, id)
        if bulk is None or video is None or video.state == "deleted":
            continue
        try:
            inputs = require_inputs(bulk.plan, video, state)
        except Problem:
            continue
        yield PipelineStarted(
            pipeline_id=PipelineId(derive(bulk.id, id)),
            name=bulk.name,
            for_subject=subject_of(id),
            inputs=inputs.model_dump(mode="json"),
            plan=None if bulk.name in STANDARD else bulk.plan,
            edition=bulk.edition,
            bulk_id=bulk.id,
        )


@model.decide
def cancel(command: CancelBulk, _: Envelope, state: Known) -> Iterator[Decision]:
    bulk = state.get(Bulk, command.bulk_id)
    if bulk is None:
        raise NotFound("bulk_not_found", f"There is no bulk {command.bulk_id}.")
    if bulk.state != "running":
        raise Conflict("bulk_has_ended", f"The bulk has ended already: {bulk.state}.")
    yield BulkCancelled(bulk_id=command.bulk_id)
    for id in bulk.running:
        run = state.get(Run, id)
        if run:
            yield from cancelling_run(run)


@model.decide
def not_after_the_end(event: PipelineStarted, _: Envelope, state: Known) -> Iterator[Decision]:
    """It was decided a moment before the bulk was cancelled."""
    bulk = state.get(Bulk, event.bulk_id) if event.bulk_id else None
    run = state.get(Run, event.pipeline_id)
    if bulk and bulk.state == "cancelled" and run:
        yield from cancelling_run(run)


@model.query
async def get(query: GetBulk, read: Read) -> BulkView:
    return view(await read.one(Bulk, query.id, "bulk"))


@model.query
async def list_bulks(query: ListBulks, read: Read) -> Bulks:
    found = await read.page(Bulk, query, OWN_FIELDS)
    return Bulks(items=tuple(view(row) for row in found.rows), next=found.next, total=found.total)


def view(bulk: Bulk) -> BulkView:
    """A bulk as people see it."""
    total = None if bulk.rest is None else bulk.begun + bulk.rest
    past = bulk.begun - len(bulk.running)
    return BulkView(
        id=bulk.id, name=bulk.name, filter=bulk.filter, state=bulk.state,
        fraction=past / total if total else float(bulk.state == "finished"),
        total=total, running=len(bulk.running), completed=bulk.completed, failed=bulk.failed,
        cancelled=bulk.cancelled, added=bulk.added,
    )  # fmt: skip


def _run_ended(id: PipelineId, how: str, state: State) -> None:
    run = state.get(Run, id)
    bulk = state.get(Bulk, run.bulk_id) if run and run.bulk_id else None
    if bulk and id in bulk.running:
        left = tuple(each for each in bulk.running if each != id)
        state.put(bulk.changed(running=left, **{how: getattr(bulk, how) + 1}))


def _end(id: str, how: BulkState, state: State) -> None:
    bulk = state.get(Bulk, id)
    if bulk and bulk.state == "running":
        state.put(bulk.changed(state=how))
