"""What may be asked of the catalog, and the shapes of its answers."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from .base import Query, Value
from .identity import Role
from .ids import (
    ApiKeyId,
    ArtistId,
    FileId,
    JobId,
    PipelineId,
    ProfileId,
    SubscriptionId,
    UserId,
    VideoId,
)  # fmt: skip
from .library import Description, Rendition
from .notify import Channel
from .profiles import QualityProfile
from .sites import SiteProfile
from .work.plans import PipelinePlan

VideoState = Literal["wanted", "acquiring", "ready", "failed", "ignored", "deleted"]
JobState = Literal["waiting", "queued", "running", "paused", "completed", "failed", "cancelled"]
RunState = Literal["running", "completed", "failed", "cancelled"]
StepState = Literal["waiting", "running", "done", "failed", "unneeded", "cut_off"]


class View(Value):
    """Something the catalog shows."""


class ArtistView(View):
    id: ArtistId
    name: str
    followed: bool
    videos: int
    added: datetime
    merged_into: ArtistId | None = None
    """The artist of whom this is another name."""


class FileView(View):
    id: FileId
    video_id: VideoId
    state: Literal["present", "trashed", "removed"]
    quality: str
    rendition: Rendition
    added: datetime


class Failure(Value):
    """Why something failed: a stable code and a sentence for people."""

    code: str
    message: str


class VideoView(View):
    id: VideoId
    url: str
    state: VideoState
    title: str
    artist: str | None
    artist_id: ArtistId | None
    about: Description
    profile_id: ProfileId
    quality: str | None
    files: tuple[FileView, ...] = ()
    failure: Failure | None = None
    pipeline_id: PipelineId | None = None
    added: datetime
    changed: datetime


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
    """What has become of one step of a run."""

    name: str
    does: str
    after: tuple[str, ...]
    state: StepState
    job_id: JobId | None
    failure: Failure | None


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


class ProfileView(View):
    id: ProfileId
    profile: QualityProfile


class SubscriptionView(View):
    """A subscription as people may see it: its address and secret stay sealed."""

    id: SubscriptionId
    name: str
    channel: Channel
    events: tuple[str, ...]
    enabled: bool


class SealedSubscription(View):
    """A subscription as the notifier needs it."""

    id: SubscriptionId
    channel: Channel
    address: str
    secret: str | None
    events: tuple[str, ...]


class SiteView(View):
    """What is set for a site; its secret stays sealed."""

    id: str
    profile: SiteProfile


class UserView(View):
    id: UserId
    username: str
    role: Role
    added: datetime


class ApiKeyView(View):
    id: ApiKeyId
    user_id: UserId
    name: str
    role: Role
    expires: datetime | None
    added: datetime


class RecordView(View):
    """One record of the log: what happened or was asked, by whom and because of what."""

    offset: int
    id: str
    type: str
    kind: str
    subject: str
    time: datetime
    source: str
    actor: str | None
    correlation_id: str
    causation_id: str | None
    data: dict[str, Any]


class ParkedView(View):
    event_id: str
    offset: int
    type: str
    subject: str
    error: str
    parked: datetime
    waiting: int


class Credentials(View):
    """For the gateway alone: what proves who somebody is."""

    user: UserView | None
    password_hash: str | None = None
    api_key: ApiKeyView | None = None


class SystemView(View):
    """The state of the brain and of what it knows."""

    log_id: str
    offset: int
    generation: int
    users: int
    videos: dict[str, int]
    jobs: dict[str, int]
    queues: dict[str, dict[str, int]] = Field(default_factory=dict)
    """Jobs that have not ended, by queue and state."""
    parked: int
    database_type: str = ""
    database_version: str = ""


class PositionView(View):
    """How far the log is committed."""

    log_id: str
    offset: int


class Page(View):
    """A page of a list. `next` is the cursor of the following page."""

    next: str | None = None
    total: int | None = None


class Artists(Page):
    items: tuple[ArtistView, ...]


class Videos(Page):
    items: tuple[VideoView, ...]


class Files(Page):
    items: tuple[FileView, ...]


class Jobs(Page):
    items: tuple[JobView, ...]


class Profiles(Page):
    items: tuple[ProfileView, ...]


class Pipelines(Page):
    items: tuple[PipelineView, ...]


class Runs(Page):
    items: tuple[RunView, ...]


class Bulks(Page):
    items: tuple[BulkView, ...]


class Subscriptions(Page):
    items: tuple[SubscriptionView, ...]


class SealedSubscriptions(Page):
    items: tuple[SealedSubscription, ...]


class Sites(Page):
    items: tuple[SiteView, ...]


class Users(Page):
    items: tuple[UserView, ...]


class ApiKeys(Page):
    items: tuple[ApiKeyView, ...]


class Records(Page):
    items: tuple[RecordView, ...]


class Facts(Records):
    """Records of the log, and how many there are of their types."""


class ParkedMessages(Page):
    items: tuple[ParkedView, ...]


class Listing(Value):
    """What every list takes: a page size and the cursor that the page before gave."""

    limit: int = Field(default=50, ge=1, le=500)
    cursor: str | None = None


class Filtered(Listing):
    """A list that shows what matches a filter alone, in an order of its own; see docs/filters.md.

    `skip` leaves out that many at the beginning, for clients that count pages: a cursor is faster
    and misses nothing. `total` counts all that match.
    """

    filter: str | None = None
    sort: str | None = None
    skip: int = Field(default=0, ge=0, le=1_000_000)
    total: bool = False
    fields: str | None = None
    """Names of the fields that are wanted, with commas between them; all without it."""


class AsOf(Value):
    """What can be asked of a moment of the past: the state as it was then."""

    at: datetime | None = None


class GetArtist(AsOf, Query[ArtistView], wire="artist.get", answer=ArtistView):
    id: ArtistId


class ListArtists(Filtered, AsOf, Query[Artists], wire="artist.list", answer=Artists):
    followed: bool | None = None
    search: str | None = None


class GetVideo(AsOf, Query[VideoView], wire="video.get", answer=VideoView):
    id: VideoId


class ListVideos(Filtered, AsOf, Query[Videos], wire="video.list", answer=Videos):
    """`ids` are those that are wanted; `below_cutoff` shows what a better file is wanted of."""

    ids: tuple[VideoId, ...] = Field(default=(), max_length=500)
    below_cutoff: bool = False
    state: VideoState | None = None
    artist_id: ArtistId | None = None
    search: str | None = None


class GetFile(Query[FileView], wire="file.get", answer=FileView):
    id: FileId


class FileAt(Query[FileView], wire="file.at", answer=FileView):
    """The file at this path, or beside which it lies; a path of any machine that ends so."""

    path: str


class ListFiles(Filtered, Query[Files], wire="file.list", answer=Files):
    video_id: VideoId | None = None


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


class GetJob(AsOf, Query[JobView], wire="job.get", answer=JobView):
    id: JobId


class ListJobs(Filtered, AsOf, Query[Jobs], wire="job.list", answer=Jobs):
    state: JobState | None = None
    kind_is: str | None = None
    for_subject: str | None = None


class GetProfile(Query[ProfileView], wire="profile.get", answer=ProfileView):
    id: ProfileId


class ListProfiles(Query[Profiles], wire="profile.list", answer=Profiles):
    pass


class GetSubscription(Query[SubscriptionView], wire="subscription.get", answer=SubscriptionView):
    id: SubscriptionId


class ListSubscriptions(Query[Subscriptions], wire="subscription.list", answer=Subscriptions):
    pass


class SubscriptionsTo(
    Query[SealedSubscriptions], wire="subscription.to", answer=SealedSubscriptions
):
    """For the notifier: who wants to be told of this type of event."""

    event_type: str


class GetSite(Query[SiteView], wire="site.get", answer=SiteView):
    id: str


class ListSites(Query[Sites], wire="site.list", answer=Sites):
    pass


class ListUsers(Query[Users], wire="user.list", answer=Users):
    pass


class GetUser(Query[UserView], wire="user.get", answer=UserView):
    id: UserId


class ListApiKeys(Query[ApiKeys], wire="api_key.list", answer=ApiKeys):
    user_id: UserId | None = None


class FindCredentials(Query[Credentials], wire="credentials.find", answer=Credentials):
    """For the gateway: by user name, by user id, or by the hash of an API key."""

    username: str | None = None
    user_id: UserId | None = None
    key_hash: str | None = None


class GetHistory(Listing, Query[Records], wire="history.get", answer=Records):
    """Every record about a subject such as "video/…", and what those records caused."""

    of: str


class ListRecords(Listing, Query[Records], wire="record.list", answer=Records):
    """The log itself, newest first or from an offset upwards."""

    after: int | None = None
    command_id: str | None = None


class ListFacts(Query[Facts], wire="fact.list", answer=Facts):
    """Facts of these types, newest first; `total` of all that there are."""

    types: tuple[str, ...]
    limit: int = Field(default=50, ge=1, le=500)
    skip: int = Field(default=0, ge=0)


class ListParked(Listing, Query[ParkedMessages], wire="parked.list", answer=ParkedMessages):
    pass


class GetSystem(Query[SystemView], wire="system.get", answer=SystemView):
    pass


class GetPosition(Query[PositionView], wire="position.get", answer=PositionView):
    """For the gateway: is what it has seen all that there is?"""


Outcome = Literal["upgraded", "transcoded", "renamed", "refused", "kept"]


class Supposition(View):
    """What would become of a video, and why."""

    video_id: VideoId
    title: str
    artist: str | None
    quality: str | None
    path: str
    outcome: Outcome
    reason: str
    new_path: str | None = None


class Suppositions(Page):
    """`looked_at` counts the videos of this page; those of which nothing would become are left
    out, so a page may be empty and not the last."""

    items: tuple[Supposition, ...]
    looked_at: int


class WhatIf(Filtered, Query[Suppositions], wire="library.what_if", answer=Suppositions):
    """A quality profile, a naming template, or both, tried on the library; nothing is changed.
    `kept` shows also what would stay as it is."""

    profile: QualityProfile | None = None
    template: str | None = Field(default=None, min_length=1, max_length=1000)
    kept: bool = False


OfThePast = GetArtist | ListArtists | GetVideo | ListVideos | GetJob | ListJobs
"""What can be asked of a moment of the past."""
