"""Commands as *arr clients give them, and how far they are: ours are jobs that belong to no run."""

from datetime import datetime
from typing import Any, Final, Literal

from mvidarr_common.messages import Value
from mvidarr_common.messages.queries import JobState, JobView

STATES: Final[dict[JobState, str]] = {
    "waiting": "queued", "queued": "queued", "paused": "queued", "running": "started",
    "completed": "completed", "failed": "failed", "cancelled": "cancelled",
}  # fmt: skip
SCANS: Final = {"find_imports": "RescanFolders"}


class CommandBody(Value):
    """Look for files below import/; the names of neighbours mean the same."""

    name: Literal["RescanFolders", "DownloadedMoviesScan", "DownloadedEpisodesScan"]


class ArrCommand(Value):
    """What *arr clients read of a command."""

    id: str
    name: str
    command_name: str
    message: str
    body: dict[str, Any]
    priority: Literal["normal", "high", "low"]
    status: str
    result: Literal["unknown", "successful", "unsuccessful"]
    queued: datetime
    started: datetime | None
    ended: datetime | None
    duration: str | None
    trigger: Literal["manual", "unspecified"]


def command_of(job: JobView) -> ArrCommand:
    """A job in their words."""
    took = job.ended - job.started if job.ended and job.started else None
    results: dict[str, Any] = {"completed": "successful", "failed": "unsuccessful"}
    return ArrCommand(
        id=job.id,
        name=SCANS.get(job.kind, job.kind),
        command_name=job.kind.replace("_", " "),
        message=job.failure.message if job.failure else "",
        body={"name": SCANS.get(job.kind, job.kind)},
        priority="high" if job.priority > 0 else "low" if job.priority < 0 else "normal",
        status=STATES[job.state],
        result=results.get(job.state, "unknown"),
        queued=job.added,
        started=job.started,
        ended=job.ended,
        duration=str(took) if took else None,
        trigger="manual" if job.requester.startswith("user/") else "unspecified",
    )
