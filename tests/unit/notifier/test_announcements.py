"""Which words people read when something happened."""

from datetime import UTC, datetime

import pytest

from mvidarr_common.envelope import Envelope
from mvidarr_common.messages import Event
from mvidarr_common.messages.ids import ArtistId, JobId, ProfileId, VideoId
from mvidarr_common.messages.jobs import JobGivenUp
from mvidarr_common.messages.library import (
    ArtistFollowed,
    Description,
    VideoAdded,
    VideoDeleted,
    VideoFailed,
    VideoReady,
)
from mvidarr_common.messages.notify import TELLABLE, Announcement
from mvidarr_notifier.announcements import WORTH_TELLING, announce
from mvidarr_notifier.hearing import EVENTS

VIDEO = VideoId("v1")
PAGE = "https://videos.example/1"


def told(event: Event) -> Announcement:
    time = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    return announce(Envelope(event, "e1", "catalog", time, correlation_id="c1"))


def added(known: Description) -> VideoAdded:
    return VideoAdded(video_id=VIDEO, url=PAGE, known=known, profile_id=ProfileId("default"))


@pytest.mark.parametrize(
    ("event", "title", "body", "level"),
    [
        (
            added(Description(artist="A", title="T")),
            "Added: A – T",
            f"It will be fetched: {PAGE}",
            "info",
        ),
        (added(Description()), f"Added: {PAGE}", f"It will be fetched: {PAGE}", "info"),
        (
            VideoReady(video_id=VIDEO, title="T", artist="A", path="library/x.mp4", quality="720p"),
            "Ready: A – T",
            "In the library in 720p: library/x.mp4",
            "success",
        ),
        (
            VideoFailed(video_id=VIDEO, title="T", code="gone", message="The page is gone."),
            "Failed: T",
            "The page is gone. (gone)",
            "failure",
        ),
        (
            VideoDeleted(video_id=VIDEO, title="T"),
            "Deleted: T",
            "Its files are in the trash and can be restored.",
            "info",
        ),
        (
            ArtistFollowed(artist_id=ArtistId("a1"), name="Björk"),
            "Following: Björk",
            "Björk is followed from now on.",
            "info",
        ),
        (
            JobGivenUp(job_id=JobId("j1"), code="disk_full", message="The disk is full."),
            "A job failed for good",
            "The disk is full. (disk_full)",
            "failure",
        ),
    ],
)
def test_every_event_has_its_words(event: Event, title: str, body: str, level: str) -> None:
    said = told(event)
    assert (said.title, said.body, said.level) == (title, body, level)


def test_an_announcement_carries_its_event_and_camel_case_data() -> None:
    said = told(VideoDeleted(video_id=VIDEO, title="T"))
    assert said.event_id == "e1"
    assert said.event_type == "video.deleted"
    assert said.time == "2026-05-04T03:02:01+00:00"
    assert said.subject == "video/v1"
    assert said.data == {"videoId": "v1", "title": "T"}


def test_the_queue_takes_exactly_what_is_worth_telling() -> None:
    assert EVENTS.name == "notifier.events"
    assert sorted(EVENTS.bindings) == [f"event.{name}" for name in TELLABLE]


def test_whatever_a_subscription_may_name_has_its_words() -> None:
    assert sorted(event.wire for event in WORTH_TELLING) == list(TELLABLE)
