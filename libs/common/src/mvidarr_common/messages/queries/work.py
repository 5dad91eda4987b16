"""Questions about jobs, pipelines and their runs, bulks, queues and sites."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from mvidarr_common.messages.base import Query
from mvidarr_common.messages.ids import (
    JobId,
    PipelineId,
)  # fmt: skip
from mvidarr_common.messages.sites import SiteProfile
from mvidarr_common.messages.work.plans import PipelinePlan

from .lists import AsOf, Failure, Filtered, Including, Names, Page, View

JobState = Literal["waiting", "queued", "running", "paused", "completed", "failed", "cancelled"]


RunState = Literal["running", "completed", "failed", "cancelled"]


StepState = Literal["waiting", "running", "done", "failed", "unneeded", "cut_off"]


class JobView(View):
    id: JobId
    kind: str
    queue: str
    state: JobState
    attempt: int
    spent: int
    priority: int
    requester: str
    site: str | None
    for_subject: str | None
    pipeline_id: PipelineId | None
    step: str | None
    worker_id: str | None
    failure: Failure | None
    added: datetime
    due: datetime | None
    deadline: datetime | None
    run_limit: float | None
    waits_for: tuple[JobId, ...]
    started: datetime | None
    ended: datetime | None
    spec: dict[str, Any]
    result: dict[str, Any] | None


class PipelineView(View):
    """A pipeline as it is now: its `needs` are "page" and "library"."""

    id: str
    standard: bool
    version: int | None
    needs: tuple[str, ...]
    plan: PipelinePlan


class StepView(View):
    """What has become of one step of a run: how far it is, and how long its kind takes, compared
    with others."""

    name: str
    does: str
    after: tuple[str, ...]
    state: StepState
    job_id: JobId | None
    failure: Failure | None
    weight: int = 1
    fraction: float = 0.0


class RunView(View):
    """A run as a whole; `fraction` counts the steps, each by how long its kind takes."""

    id: PipelineId
    name: str
    version: int | None
    for_subject: str
    state: RunState
    fraction: float
    attempt: int
    steps: tuple[StepView, ...]
    failure: Failure | None
    failed_step: str | None
    bulk_id: str | None
    added: datetime
    ended: datetime | None


def fraction_of(steps: Sequence[tuple[float, float]]) -> float:
    """How far a run is, from its steps' weights and fractions."""
    return sum(weight * fraction for weight, fraction in steps) / sum(weight for weight, _ in steps)


class BulkView(View):
    """A pipeline over many videos. `total` is how many match, None until that is known."""

    id: str
    name: str
    filter: str | None
    state: Literal["running", "finished", "cancelled"]
    fraction: float
    total: int | None
    running: int
    completed: int
    failed: int
    cancelled: int
    added: datetime


class SiteView(View):
    """What is set for a site; its secret stays sealed."""

    id: str
    profile: SiteProfile


class Jobs(Page):
    items: tuple[JobView, ...]


class Pipelines(Page):
    items: tuple[PipelineView, ...]


class Runs(Page):
    items: tuple[RunView, ...]


class Bulks(Page):
    items: tuple[BulkView, ...]


class Sites(Page):
    items: tuple[SiteView, ...]


class GetPipeline(Query[PipelineView], wire="pipeline_plan.get", answer=PipelineView):
    id: str


class ListPipelines(Query[Pipelines], wire="pipeline_plan.list", answer=Pipelines):
    pass


class GetRun(Query[RunView], wire="run.get", answer=RunView):
    id: PipelineId


class ListRuns(Filtered, Query[Runs], wire="run.list", answer=Runs):
    state: RunState | None = None
    name: str | None = None
    for_subject: str | None = None
    bulk_id: str | None = None


class GetBulk(Query[BulkView], wire="bulk.get", answer=BulkView):
    id: str


class ListBulks(Filtered, Query[Bulks], wire="bulk.list", answer=Bulks):
    pass


class WithJob(Including, AsOf):
    """A job can be shown with the video that it is for, and the run of which it is a step."""

    include: Annotated[tuple[Literal["video", "run"], ...], Names] = ()


class GetJob(WithJob, Query[JobView], wire="job.get", answer=JobView):
    id: JobId


class ListJobs(Filtered, WithJob, Query[Jobs], wire="job.list", answer=Jobs):
    state: JobState | None = None
    kind_is: str | None = None
    for_subject: str | None = None


class GetSite(Query[SiteView], wire="site.get", answer=SiteView):
    id: str


class ListSites(Query[Sites], wire="site.list", answer=Sites):
    pass
