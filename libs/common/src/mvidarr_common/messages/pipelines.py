"""Pipelines as people make them, and runs as people begin, cancel and retry them."""

from typing import Annotated

from pydantic import Field

from .base import Command, Event
from .ids import PipelineId, VideoId
from .work.plans import PipelinePlan

PipelineName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
"""What a pipeline is called, for good; its title may change."""


class SavePipeline(Command, wire="pipeline.save", about="pipeline_plan:name"):
    """Make a pipeline, or give the one of this name another plan. Runs keep theirs."""

    name: PipelineName
    plan: PipelinePlan


class DeletePipeline(Command, wire="pipeline.delete", about="pipeline_plan:name"):
    name: PipelineName


class PipelineSaved(Event, wire="pipeline.saved", about="pipeline_plan:name"):
    name: PipelineName
    edition: int
    plan: PipelinePlan


class PipelineDeleted(Event, wire="pipeline.deleted", about="pipeline_plan:name"):
    name: PipelineName


class RunPipeline(Command, wire="pipeline.run", about="video:video_id"):
    """Begin a run for this video."""

    name: PipelineName
    video_id: VideoId


class TryPipeline(Command, wire="pipeline.try", about="video:video_id"):
    """Show what a run would do to this video, command by command, and do nothing. `plan` tries
    one that is not saved."""

    video_id: VideoId
    name: str | None = Field(default=None, max_length=60)
    plan: PipelinePlan | None = None


class CancelPipeline(Command, wire="pipeline.cancel", about="pipeline:pipeline_id"):
    pipeline_id: PipelineId


class RetryPipeline(Command, wire="pipeline.retry", about="pipeline:pipeline_id"):
    """Let a failed run go on from the step that failed."""

    pipeline_id: PipelineId


class ExpirePipeline(Command, wire="pipeline.expire", about="pipeline:pipeline_id"):
    """The time is over for which a failed run's files are kept for this attempt to be repeated."""

    pipeline_id: PipelineId
    attempt: int


class RunPipelineOver(Command, wire="bulk.run"):
    """Begin a run for every video that the filter matches (docs/filters.md)."""

    name: PipelineName
    filter: str | None = Field(default=None, max_length=2000)


class CancelBulk(Command, wire="bulk.cancel", about="bulk:bulk_id"):
    bulk_id: str


class BulkStarted(Event, wire="bulk.started", about="bulk:bulk_id"):
    """Runs begin one after the other, with the plan of this moment."""

    bulk_id: str
    name: PipelineName
    filter: str | None = None
    plan: PipelinePlan
    edition: int | None = None


class BulkWent(Event, wire="bulk.went", about="bulk:bulk_id"):
    """The next videos in the order of their ids; `last` is the last of them, `rest` how many
    come after it."""

    bulk_id: str
    videos: tuple[VideoId, ...]
    rest: int


class BulkCancelled(Event, wire="bulk.cancelled", about="bulk:bulk_id"):
    bulk_id: str


class BulkFinished(Event, wire="bulk.finished", about="bulk:bulk_id"):
    bulk_id: str
    completed: int
    failed: int
    cancelled: int
