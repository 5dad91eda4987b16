"""Pipelines of people's own beside the standard ones, each under its name and with its version."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, NotFound
from mvidarr_common.messages.pipelines import (
    DeletePipeline,
    PipelineDeleted,
    PipelineName,
    PipelineSaved,
    SavePipeline,
)
from mvidarr_common.messages.queries import GetPipeline, ListPipelines, Pipelines, PipelineView
from mvidarr_common.messages.work.plans import PipelinePlan

from .checking import begins_with, check
from .standard import STANDARD


class Own(Row, table="pipeline_plans", whole=True):
    """The newest plan of a pipeline; a deleted one leaves its number, so that none comes twice."""

    version: int
    plan: PipelinePlan
    deleted: bool


model = ReadModel(rows=(Own,), version=1)


@model.fold
def saved(event: PipelineSaved, _: Envelope, state: State) -> None:
    state.put(Own(id=event.name, version=event.edition, plan=event.plan, deleted=False))


@model.fold
def deleted(event: PipelineDeleted, _: Envelope, state: State) -> None:
    own = state.get(Own, event.name)
    if own:
        state.put(own.changed(deleted=True))


@model.decide
def save(command: SavePipeline, _: Envelope, state: Known) -> Iterator[Decision]:
    _require_own(command.name)
    check(command.plan)
    own = state.get(Own, command.name)
    if own is None or own.deleted or own.plan != command.plan:
        version = own.version + 1 if own else 1
        yield PipelineSaved(name=command.name, edition=version, plan=command.plan)


@model.decide
def delete(command: DeletePipeline, _: Envelope, state: Known) -> Iterator[Decision]:
    _require_own(command.name)
    plan_of(state, command.name)
    yield PipelineDeleted(name=command.name)


@model.query
async def get(query: GetPipeline, read: Read) -> PipelineView:
    if query.id in STANDARD:
        return _standard(query.id)
    own = await read.one(Own, query.id, "pipeline")
    if own.deleted:
        raise unknown(query.id)
    return _view(own)


@model.query
async def list_pipelines(_: ListPipelines, read: Read) -> Pipelines:
    own = [_view(row) for row in await read.rows(Own) if not row.deleted]
    return Pipelines(items=(*map(_standard, STANDARD), *own))


def plan_of(state: Known, name: PipelineName) -> tuple[PipelinePlan, int | None]:
    """The plan of this name, and its version if it is people's own; raises NotFound."""
    if name in STANDARD:
        return STANDARD[name], None
    own = state.get(Own, name)
    if own is None or own.deleted:
        raise unknown(name)
    return own.plan, own.version


def unknown(name: str) -> NotFound:
    """There is no such pipeline."""
    return NotFound("pipeline_not_found", f"There is no pipeline {name}.")


def _require_own(name: str) -> None:
    if name in STANDARD:
        raise Conflict("pipeline_is_standard", f"{name} comes along; save another under a name.")


def _standard(name: str) -> PipelineView:
    plan = STANDARD[name]
    return PipelineView(id=name, standard=True, version=None, plan=plan, needs=_needs(plan))


def _view(own: Own) -> PipelineView:
    return PipelineView(
        id=own.id, standard=False, version=own.version, plan=own.plan, needs=_needs(own.plan)
    )


def _needs(plan: PipelinePlan) -> tuple[str, ...]:
    return tuple(sorted(begins_with(plan)))
