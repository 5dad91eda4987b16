"""Jobs: the life that every piece of work has, and what each kind of work takes and gives.

A spec says what to do, its result what came of it; both sides read them, so both are here.
A job needs: a result class, a spec class naming it, and one line in `SPECS`.
"""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from .base import Command, Event, Message, Signal, Value
from .ids import JobId, PipelineId, VideoId, WorkerId
from .library import Description, Rendition
from .media import MediaFacts
from .notify import Announcement, Channel
from .profiles import QualityProfile, Recipe


class Result(Value):
    """What came of a job."""


class JobSpec(Value):
    """What a job has to do. Class keywords: `queue`, `gives`, the class of its result, and
    `stages`, whether the result names files in the job's staging folder: it stays then."""

    queue: ClassVar[str]
    gives: ClassVar[type[Result]]
    stages: ClassVar[bool]

    def __init_subclass__(
        cls,
        *,
        queue: str | None = None,
        gives: type[Result] | None = None,
        stages: bool = False,
        **rest: Any,
    ) -> None:
        super().__init_subclass__(**rest)
        if queue is not None and gives is not None:
            cls.queue, cls.gives, cls.stages = queue, gives, stages


class Downloaded(Result):
    """`path` is below the data root. `found` is what the page says."""

    kind: Literal["download"] = "download"
    path: str
    size: int
    sha256: str
    found: Description = Description()
    duration: float | None = None
    thumbnail: str | None = None
    page_url: str
    extractor: str
    source_id: str
    format: str
    uploaded: date | None = None
    resumed_from: int = 0


class Download(JobSpec, queue="download", gives=Downloaded, stages=True):
    """Fetch the video on a page, in the best format that the profile allows."""

    kind: Literal["download"] = "download"
    url: str
    profile: QualityProfile


class Probed(Result):
    kind: Literal["probe"] = "probe"
    facts: MediaFacts


class Probe(JobSpec, queue="media", gives=Probed):
    kind: Literal["probe"] = "probe"
    path: str


class Verified(Result):
    """The file is whole: every frame of every stream was decoded."""

    kind: Literal["verify"] = "verify"
    facts: MediaFacts
    frames: int
    sha256: str


class Verify(JobSpec, queue="media", gives=Verified):
    """Prove a file whole. A damaged one fails the job for good, with the reason."""

    kind: Literal["verify"] = "verify"
    path: str
    expected_duration: float | None = None
    audio_required: bool = True


class Transcoded(Result):
    kind: Literal["transcode"] = "transcode"
    path: str
    sha256: str
    facts: MediaFacts


class Transcode(JobSpec, queue="transcode", gives=Transcoded, stages=True):
    kind: Literal["transcode"] = "transcode"
    path: str
    recipe: Recipe
    facts: MediaFacts


class Artwork(Value):
    """A picture in staging, and the place it takes beside the video ("poster", "thumb" …).

    `role` is the suffix of its file name; "trickplay/<width>" is a sheet of tiles.
    """

    path: str
    role: str
    width: int
    height: int


class ThumbnailsMade(Result):
    kind: Literal["thumbnails"] = "thumbnails"
    artwork: tuple[Artwork, ...]


class Thumbnails(JobSpec, queue="media", gives=ThumbnailsMade, stages=True):
    """A poster at a good frame in three sizes, and a sprite sheet."""

    kind: Literal["thumbnails"] = "thumbnails"
    path: str
    facts: MediaFacts


class PlaceFile(Value):
    """One media file in staging that goes into the library."""

    path: str
    role: Literal["original", "transcode"]
    sha256: str
    facts: MediaFacts


class Placed(Result):
    kind: Literal["place"] = "place"
    renditions: tuple[Rendition, ...]


class Place(JobSpec, queue="files", gives=Placed):
    """Move files and artwork into the library by rename, and write the `.nfo` after them.

    The first file is the one that media servers show; the others get their recipe in the name.
    """

    kind: Literal["place"] = "place"
    video_id: VideoId
    files: tuple[PlaceFile, ...] = Field(min_length=1)
    artwork: tuple[Artwork, ...] = ()
    about: Description
    page_url: str
    source: str
    source_id: str


class Moved(Value):
    """A file's old and new path, its sidecars' new paths."""

    file_id: str
    path: str
    sidecars: tuple[str, ...] = ()


class FileToMove(Value):
    file_id: str
    path: str
    sidecars: tuple[str, ...] = ()


class Trashed(Result):
    kind: Literal["trash"] = "trash"
    moved: tuple[Moved, ...]


class Trash(JobSpec, queue="files", gives=Trashed):
    """Move files with their sidecars to `trash/`, keeping their relative path."""

    kind: Literal["trash"] = "trash"
    files: tuple[FileToMove, ...]


class Restored(Result):
    kind: Literal["restore"] = "restore"
    moved: tuple[Moved, ...]


class Restore(JobSpec, queue="files", gives=Restored):
    """Bring files back from the trash to where they were; a taken name gets a number."""

    kind: Literal["restore"] = "restore"
    files: tuple[FileToMove, ...]


class Purged(Result):
    kind: Literal["purge"] = "purge"
    removed: int


class Purge(JobSpec, queue="files", gives=Purged):
    """Delete files for good; only paths below `trash/` are touched."""

    kind: Literal["purge"] = "purge"
    files: tuple[FileToMove, ...]


class Tidied(Result):
    kind: Literal["tidy"] = "tidy"
    removed: int


class Tidy(JobSpec, queue="files", gives=Tidied):
    """Remove the staging folders of these jobs, once no one holds them."""

    kind: Literal["tidy"] = "tidy"
    jobs: tuple[JobId, ...]


class Notified(Result):
    kind: Literal["notify"] = "notify"
    status: str


class Notify(JobSpec, queue="notify", gives=Notified):
    """Tell one subscriber of one thing. `address` and `secret` are sealed."""

    kind: Literal["notify"] = "notify"
    subscription_id: str
    channel: Channel
    address: str
    secret: str | None = None
    announcement: Announcement


class NothingDone(Result):
    kind: Literal["noop"] = "noop"


class Noop(JobSpec, queue="noop", gives=NothingDone):
    """Does nothing; it shows that the way to a worker and back is open, and how fast it is."""

    kind: Literal["noop"] = "noop"
    payload: str = ""


SPECS: tuple[type[JobSpec], ...] = (
    Download, Probe, Verify, Transcode, Thumbnails, Place, Trash, Restore, Purge, Tidy, Notify,
    Noop,
)  # fmt: skip

AnySpec = Annotated[
    Download | Probe | Verify | Transcode | Thumbnails | Place | Trash | Restore | Purge | Tidy
    | Notify | Noop,
    Field(discriminator="kind"),
]  # fmt: skip
AnyResult = Annotated[
    Downloaded | Probed | Verified | Transcoded | ThumbnailsMade | Placed | Trashed | Restored
    | Purged | Tidied | Notified | NothingDone,
    Field(discriminator="kind"),
]  # fmt: skip

QUEUES: tuple[str, ...] = tuple(sorted({spec.queue for spec in SPECS}))


class EnqueueJob(Command, wire="job.enqueue"):
    """Add one job that belongs to no pipeline. `for_subject` is what it is done for."""

    spec: AnySpec
    for_subject: str | None = None
    priority: int = Field(default=0, ge=-100, le=100)


class CancelJob(Command, wire="job.cancel", about="job:job_id"):
    job_id: JobId


class RetryJob(Command, wire="job.retry", about="job:job_id"):
    """Let a job that failed for good wait again, with fresh attempts."""

    job_id: JobId


class JobAdded(Event, wire="job.added", about="job:job_id"):
    """It waits for the dispatcher. Higher priority goes first; `site` shares a budget."""

    job_id: JobId
    spec: AnySpec
    for_subject: str | None = None
    pipeline_id: PipelineId | None = None
    step: str | None = None
    priority: int = 0
    site: str | None = None


class JobQueued(Event, wire="job.queued", about="job:job_id"):
    """The dispatcher has released it: this very message is the work."""

    job_id: JobId
    attempt: int
    spec: AnySpec
    for_subject: str | None = None
    pipeline_id: PipelineId | None = None

    @classmethod
    def routing_key(cls, message: Message) -> str:
        """Work carries its queue: `event.job.queued.<queue>`."""
        assert isinstance(message, JobQueued)
        return f"event.job.queued.{message.spec.queue}"


class JobStarted(Event, wire="job.started", about="job:job_id"):
    job_id: JobId
    attempt: int
    worker_id: WorkerId
    delivery: str


class JobCompleted(Event, wire="job.completed", about="job:job_id"):
    job_id: JobId
    attempt: int
    worker_id: WorkerId
    result: AnyResult
    seconds: float


class JobFailed(Event, wire="job.failed", about="job:job_id"):
    """An attempt failed. `after` is the shortest pause in seconds before the next one."""

    job_id: JobId
    attempt: int
    worker_id: WorkerId | None = None
    code: str
    message: str
    retryable: bool
    after: float | None = None
    detail: str | None = None


class JobHandedBack(Event, wire="job.handed_back", about="job:job_id"):
    """A worker that leaves gave it back unfinished; it costs no attempt."""

    job_id: JobId
    attempt: int
    worker_id: WorkerId
    delivery: str


class JobRescheduled(Event, wire="job.rescheduled", about="job:job_id"):
    """It waits again, until `due`, for attempt number `attempt`."""

    job_id: JobId
    attempt: int
    due: datetime
    reason: str


class JobGivenUp(Event, wire="job.given_up", about="job:job_id"):
    """It failed for good."""

    job_id: JobId
    code: str
    message: str


class JobCancelled(Event, wire="job.cancelled", about="job:job_id"):
    job_id: JobId


class JobProgressed(Signal, wire="job.progressed", about="job:job_id"):
    """How far a running job is. `fraction` is 0 to 1, None while unknown; `eta` in seconds."""

    job_id: JobId
    attempt: int
    stage: str
    for_subject: str | None = None
    fraction: float | None = None
    done: float | None = None
    total: float | None = None
    unit: str | None = None
    speed: float | None = None
    eta: float | None = None


class StopJob(Signal, wire="job.stop", about="job:job_id"):
    """To workers: end this attempt (all attempts up to it) and say nothing more of it."""

    job_id: JobId
    attempt: int


class PipelineStarted(Event, wire="pipeline.started", about="pipeline:pipeline_id"):
    """A way through several jobs begins, for a subject such as "video/…"."""

    pipeline_id: PipelineId
    name: str
    for_subject: str
    inputs: dict[str, Any] = Field(default_factory=dict)


class PipelineCompleted(Event, wire="pipeline.completed", about="pipeline:pipeline_id"):
    pipeline_id: PipelineId
    name: str
    for_subject: str


class PipelineFailed(Event, wire="pipeline.failed", about="pipeline:pipeline_id"):
    pipeline_id: PipelineId
    name: str
    for_subject: str
    step: str
    code: str
    message: str


class PipelineCancelled(Event, wire="pipeline.cancelled", about="pipeline:pipeline_id"):
    pipeline_id: PipelineId
    name: str
    for_subject: str
