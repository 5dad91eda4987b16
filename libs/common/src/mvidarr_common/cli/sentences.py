"""One sentence for each record of the log, as somebody would tell it."""

from collections import defaultdict
from typing import Any

from mvidarr_common.messages.queries import RecordView

from .words import what, who

_SENTENCES = {
    "command.video.add": "{who} asked for {url}.",
    "command.video.acquire": "{who} asked for it to be fetched again.",
    "command.video.delete": "{who} asked for the video to be deleted.",
    "command.video.restore": "{who} asked for the video to be restored.",
    "command.job.retry": "{who} asked for the job to be tried again.",
    "command.video.edit": "{who} asked for the video to be edited.",
    "command.video.bulk_edit": "{who} asked for many videos to be edited.",
    "command.command.undo": "{who} asked for command {commandId} to be undone.",
    "command.artist.merge": "{who} asked for artists to be merged.",
    "command.artist.follow": "{who} asked for {name} to be followed.",
    "event.video.added": "It became a wanted video, with the quality profile {profileId}.",
    "event.video.wanted": "The video was wanted again.",
    "event.video.deleted": "The video was deleted, so its files went to the trash.",
    "event.video.restored": "The video was restored.",
    "event.pipeline.started": "The pipeline {name} began.",
    "event.pipeline.completed": "The pipeline was complete.",
    "event.job.added": "So a job was decided on: {spec[kind]}.",
    "event.job.queued": "It was released to the workers, attempt {attempt}.",
    "event.job.started": "The worker {workerId} began it, attempt {attempt}.",
    "event.job.completed": "The worker {workerId} was done with it: {gist}.",
    "event.job.failed": "It failed: {message} ({code})",
    "event.job.given_up": "It was given up: {message} ({code})",
    "event.job.cancelled": "The job was cancelled.",
    "event.file.added": "{rendition[path]} came into the library.",
    "event.file.moved": "It was moved to {path} and is {state}.",
    "event.file.removed": "It was removed for good.",
    "event.command.undone": "All that command {commandId} had changed was taken back.",
    "event.artist.merged": "Other names became this artist's.",
    "event.artist.parted": "Other names became artists of their own again.",
    "event.command.rejected": "That was refused: {message} ({code})",
    "event.command.unchanged": "Everything was so already.",
}


def sentence(record: RecordView) -> str:
    """What a record says; of an unknown type its gist."""
    template = _SENTENCES.get(record.type)
    if template is None:
        return f"{record.type}: {what(record)}".rstrip(": ")
    told: dict[str, Any] = defaultdict(lambda: "?", _open(record.data))
    told |= {"who": _person(record), "gist": what(record)}
    return template.format_map(told)


def _person(record: RecordView) -> str:
    return "The system" if record.actor in (None, "system") else who(record).capitalize()


def _open(data: dict[str, Any]) -> dict[str, Any]:
    """Fields of fields that an older record lacks are told as a question mark."""
    return {
        name: defaultdict(lambda: "?", value) if isinstance(value, dict) else value
        for name, value in data.items()
    }
