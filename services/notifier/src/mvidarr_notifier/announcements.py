"""What is worth telling, and in which words: one pure function for each type of event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mvidarr_common.envelope import Envelope
from mvidarr_common.messages import Event
from mvidarr_common.messages.jobs import JobGivenUp
from mvidarr_common.messages.library import (
    ArtistFollowed,
    VideoAdded,
    VideoDeleted,
    VideoFailed,
    VideoReady,
)
from mvidarr_common.messages.notify import Announcement, Level


@dataclass(frozen=True, slots=True)
class Words:
    """How an event is told: a headline, a sentence or two, and how grave it is."""

    title: str
    body: str
    level: Level = "info"


def video_added(event: VideoAdded) -> Words:
    """Somebody wants it; nothing is fetched yet."""
    named = [part for part in (event.known.artist, event.known.title) if part]
    return Words(f"Added: {' – '.join(named) or event.url}", f"It will be fetched: {event.url}")


def video_ready(event: VideoReady) -> Words:
    """The good news."""
    body = f"In the library in {event.quality}: {event.path}"
    return Words(f"Ready: {event.artist} – {event.title}", body, "success")


def video_failed(event: VideoFailed) -> Words:
    """The bad news, with its reason."""
    return Words(f"Failed: {event.title}", f"{event.message} ({event.code})", "failure")


def video_deleted(event: VideoDeleted) -> Words:
    """It can still come back."""
    return Words(f"Deleted: {event.title}", "Its files are in the trash and can be restored.")


def artist_followed(event: ArtistFollowed) -> Words:
    """From now on their videos are looked for."""
    return Words(f"Following: {event.name}", f"{event.name} is followed from now on.")


def job_given_up(event: JobGivenUp) -> Words:
    """Work outside any pipeline that nobody will try again by itself."""
    return Words("A job failed for good", f"{event.message} ({event.code})", "failure")


_WORDS: dict[type[Event], Callable[[Any], Words]] = {
    ArtistFollowed: artist_followed,
    JobGivenUp: job_given_up,
    VideoAdded: video_added,
    VideoDeleted: video_deleted,
    VideoFailed: video_failed,
    VideoReady: video_ready,
}

WORTH_TELLING: tuple[type[Event], ...] = tuple(_WORDS)
"""Every type of event that people can be told of."""


def announce(envelope: Envelope) -> Announcement:
    """The finished announcement of an event, the same each time it is made."""
    event = envelope.message
    words = _WORDS[type(event)](event)  # type: ignore[index]  # a Command is a KeyError too
    return Announcement(
        event_id=envelope.id,
        event_type=event.wire,
        time=envelope.time.isoformat(),
        title=words.title,
        body=words.body,
        subject=envelope.subject,
        level=words.level,
        data=event.model_dump(mode="json"),
    )
