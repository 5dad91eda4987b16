"""Jobs: the life that every piece of work has, and what each kind of work takes and gives.

A spec says what to do, its result what came of it; both sides read them, so both are here
and, by area, in `work/`. A job needs: a result class, a spec class naming it, and one line in
`SPECS`, `AnySpec` and `AnyResult` each.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from .base import Command, Event, Message, Signal
from .ids import JobId, PipelineId, WorkerId
from .notify import Announcement, Channel
from .work.base import JobSpec, Result
from .work.clips import (
    AudioExtracted,
    Concat,
    Concatenated,
    ExtractAudio,
    Hls,
    Preview,
    PreviewMade,
    Streamable,
    Trim,
    Trimmed,
    Waveform,
    WaveformDrawn,
)
from .work.encoding import OwnRecipe, Treatment
from .work.fetching import (
    Download,
    Downloaded,
    FindImports,
    Importable,
    ImportsFound,
    Inspect,
    Inspected,
    Take,
    Taken,
)
from .work.files import (
    FileToMove,
    FileToScrub,
    Moved,
    Place,
    Placed,
    PlaceFile,
    Purge,
    Purged,
    Rename,
    Renamed,
    Restore,
    Restored,
    Scrub,
    Scrubbed,
    ScrubbedFile,
    Sidecars,
    SidecarsWritten,
    Tidied,
    Tidy,
    Trash,
    Trashed,
)
from .work.images import ImageDone, ImageLook, Images, ImagesDone, ImageWish
from .work.judging import (
    Compared,
    Fingerprint,
    Fingerprinted,
    IsBetter,
    Match,
    Matched,
    Print,
    Quality,
    QualityFound,
)
from .work.media import (
    Artwork,
    Finding,
    Probe,
    Probed,
    ProbedFile,
    ProbedMany,
    ProbeMany,
    Thumbnails,
    ThumbnailsMade,
    Transcode,
    Transcoded,
    Verified,
    Verify,
)
from .work.plans import PipelinePlan
from .work.showing import CommandsShown, ShowCommands, ShownStep, SupposedStep
from .work.splitting import EncodePart, JoinParts, PartEncoded, PartsJoined

__all__ = [
    "Artwork", "AudioExtracted", "CommandsShown", "Compared", "Concat", "Concatenated", "Download",
    "Downloaded", "EncodePart", "ExtractAudio", "FileToMove", "FileToScrub", "FindImports",
    "Finding", "Fingerprint", "Fingerprinted", "Hls", "ImageDone", "ImageLook", "ImageWish",
    "Images", "ImagesDone", "Importable", "ImportsFound", "Inspect", "Inspected", "IsBetter",
    "JobSpec", "JoinParts", "Match", "Matched", "Moved", "OwnRecipe", "PartEncoded", "PartsJoined",
    "PipelinePlan", "Place", "PlaceFile", "Placed", "Preview", "PreviewMade", "Print", "Probe",
    "ProbeMany", "Probed", "ProbedFile", "ProbedMany", "Purge", "Purged", "Quality", "QualityFound",
    "Rename", "Renamed", "Restore", "Restored", "Result", "Scrub", "Scrubbed", "ScrubbedFile",
    "ShowCommands", "ShownStep", "Sidecars", "SidecarsWritten", "Streamable", "SupposedStep",
    "Take", "Taken", "Thumbnails", "ThumbnailsMade", "Tidied", "Tidy", "Transcode", "Transcoded",
    "Trash", "Trashed", "Treatment", "Trim", "Trimmed", "Verified", "Verify", "Waveform",
    "WaveformDrawn",
]  # fmt: skip


class Notified(Result):
    kind: Literal["notify"] = "notify"
    status: str


class Notify(JobSpec, queue="notify", gives=Notified):
    """Tell one subscriber of one thing. `address` and `secret` are sealed, and so is what is for
    the reader's eyes alone, such as a link that opens something: it goes behind the text."""

    kind: Literal["notify"] = "notify"
    subscription_id: str
    channel: Channel
    address: str
    secret: str | None = None
    announcement: Announcement
    sealed: str | None = None


class NothingDone(Result):
    kind: Literal["noop"] = "noop"


class Noop(JobSpec, queue="noop", gives=NothingDone):
    """Does nothing; it shows that the way to a worker and back is open, and how fast it is."""

    kind: Literal["noop"] = "noop"
    payload: str = ""


SPECS: tuple[type[JobSpec], ...] = (
    Download, Probe, Verify, Transcode, Thumbnails, Place, Trash, Restore, Purge, Tidy, Notify,
    Noop, ProbeMany, Inspect, Trim, Concat, ExtractAudio, Waveform, Preview, Hls, Quality,
    IsBetter, Fingerprint, Match, Rename, Sidecars, Scrub, Images, ShowCommands,
    EncodePart, JoinParts, Take, FindImports,
)  # fmt: skip

AnySpec = Annotated[
    Download | Probe | Verify | Transcode | Thumbnails | Place | Trash | Restore | Purge | Tidy
    | Notify | Noop | ProbeMany | Inspect | Trim | Concat | ExtractAudio | Waveform | Preview |
    Hls | Quality | IsBetter | Fingerprint | Match | Rename | Sidecars | Scrub | Images |
    ShowCommands | EncodePart | JoinParts | Take | FindImports,
    Field(discriminator="kind"),
]  # fmt: skip
AnyResult = Annotated[
    Downloaded | Probed | Verified | Transcoded | ThumbnailsMade | Placed | Trashed | Restored |
    Purged | Tidied | Notified | NothingDone | ProbedMany | Inspected | Trimmed | Concatenated |
    AudioExtracted | WaveformDrawn | PreviewMade | Streamable | QualityFound | Compared |
    Fingerprinted | Matched | Renamed | SidecarsWritten | Scrubbed | ImagesDone |
    CommandsShown | PartEncoded | PartsJoined | Taken | ImportsFound,
    Field(discriminator="kind"),
]  # fmt: skip

QUEUES: tuple[str, ...] = tuple(sorted({spec.queue for spec in SPECS}))


class EnqueueJob(Command, wire="job.enqueue"):
    """Add one job that belongs to no pipeline. `for_subject` is what it is done for.

    It waits until all jobs of `after` are completed. What has not ended at the deadline has failed.
    `run_limit` is how many seconds an attempt may run.
    """

    spec: AnySpec
    for_subject: str | None = None
    priority: int = Field(default=0, ge=-100, le=100)
    after: tuple[JobId, ...] = Field(default=(), max_length=100)
    deadline: datetime | None = None
    run_limit: float | None = Field(default=None, gt=0)


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
    after: tuple[JobId, ...] = ()
    deadline: datetime | None = None
    run_limit: float | None = None


class JobQueued(Event, wire="job.queued", about="job:job_id"):
    """The dispatcher has released it: this very message is the work. It may run `limit` seconds."""

    job_id: JobId
    attempt: int
    spec: AnySpec
    for_subject: str | None = None
    pipeline_id: PipelineId | None = None
    limit: float | None = None

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
    """It waits again, until `due`, for attempt number `attempt`. `spent` is how many attempts
    before that one count; where it is not said, one more than before."""

    job_id: JobId
    attempt: int
    due: datetime
    reason: str
    spent: int | None = None


class JobsFellDue(Event, wire="job.fell_due"):
    """These were to wait until now; from here on they stand in line."""

    job_ids: tuple[JobId, ...]


class ForgetResult(Command, wire="job.forget_result", about="job:job_id"):
    """The time is over for which what a job has made is kept in staging."""

    job_id: JobId


class JobGivenUp(Event, wire="job.given_up", about="job:job_id"):
    """It failed for good."""

    job_id: JobId
    code: str
    message: str


class JobCancelled(Event, wire="job.cancelled", about="job:job_id"):
    job_id: JobId


class JobProgressed(Signal, wire="job.progressed", about="job:job_id"):
    """How far a running job is. `fraction` is that of the whole attempt, 0 to 1, never less than
    before, None while unknown; `done`, `total` and `eta` (in seconds) are those of its stage;
    `speeds` are those of the last minute at most, a second apart."""

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
    speeds: tuple[int, ...] = ()


class StopJob(Signal, wire="job.stop", about="job:job_id"):
    """To workers: end this attempt (all attempts up to it). Of a pause tell that it is so, and
    keep the partial files; of a cancellation say nothing more."""

    job_id: JobId
    attempt: int
    reason: Literal["cancel", "pause"] = "cancel"


class PipelineStarted(Event, wire="pipeline.started", about="pipeline:pipeline_id"):
    """A way through several jobs begins, for a subject such as "video/…". Without a plan it is the
    standard pipeline of this name."""

    pipeline_id: PipelineId
    name: str
    for_subject: str
    inputs: dict[str, Any] = Field(default_factory=dict)
    plan: PipelinePlan | None = None
    edition: int | None = None
    bulk_id: str | None = None


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


class PipelineRetried(Event, wire="pipeline.retried", about="pipeline:pipeline_id"):
    """A run that had failed goes on from the step that failed; `anew`: from the beginning, since
    what its steps had made is gone."""

    pipeline_id: PipelineId
    name: str
    for_subject: str
    attempt: int
    anew: bool = False


class PipelineExpired(Event, wire="pipeline.expired", about="pipeline:pipeline_id"):
    """What a failed run has made is not kept for another try any longer."""

    pipeline_id: PipelineId


class JobSplit(Event, wire="job.split", about="job:job_id"):
    """Several workers share it: a run of its own encodes it in so many parts, and its end is the
    job's."""

    job_id: JobId
    attempt: int
    pipeline_id: PipelineId
    parts: int
