"""What may be done with artists, videos and files, told in messages."""

from datetime import timedelta

import pytest

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.library.artists import Artist
from mvidarr_catalog.library.files import File
from mvidarr_catalog.library.naming import plain_name, plain_url, video_id
from mvidarr_catalog.library.search import BEHIND_ALL
from mvidarr_catalog.library.video_states import InState
from mvidarr_catalog.library.videos import TRASH_TIME, Video
from mvidarr_catalog.testing import BEGINNING, Story
from mvidarr_common.errors import Invalid
from mvidarr_common.messages.ids import FileId, JobId, WorkerId, artist_id
from mvidarr_common.messages.jobs import (
    AnyResult,
    FileToMove,
    JobAdded,
    JobCompleted,
    JobStarted,
    Moved,
    Purge,
    Purged,
    Restore,
    Restored,
    Trash,
    Trashed,
)
from mvidarr_common.messages.library import (
    AcquireVideo,
    ArtistAdded,
    ArtistFollowed,
    ArtistUnfollowed,
    DeleteVideo,
    Description,
    EditVideo,
    FileAdded,
    FollowArtist,
    IgnoreVideo,
    PurgeVideo,
    Rendition,
    RestoreVideo,
    UnfollowArtist,
    VideoAdded,
    VideoEdited,
    VideoPurged,
    VideoReady,
    VideoWanted,
)
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.profiles import DEFAULT_PROFILE
from mvidarr_common.messages.system import CommandRejected, CommandUnchanged, LogStarted

URL = "https://videos.example/1"
VIDEO = video_id(URL)
FILE = FileId("file-1")
PLACE = "library/Band/Band - Song.mp4"
BIN = "trash/Band/Band - Song.mp4"


def ready_video() -> Story:
    """A library with one video that lies in it."""
    story = Story()
    story.live(LogStarted(log_id="log"))
    facts = MediaFacts(container="mp4", duration=1.0, size=1)
    rendition = Rendition(path=PLACE, role="original", sha256="ab", facts=facts)
    return story.given(
        VideoAdded(video_id=VIDEO, url=URL, known=Description(), profile_id=DEFAULT_PROFILE),
        FileAdded(file_id=FILE, video_id=VIDEO, rendition=rendition),
        VideoReady(video_id=VIDEO, title="Song", artist="Band", path=PLACE, quality="144p"),
    )


def finish(story: Story, kind: str, result: AnyResult) -> None:
    """A worker does the newest waiting job of this kind."""
    job = [job for job in story.rows(Job) if job.kind == kind and job.state == "waiting"][-1]
    id, worker = JobId(job.id), WorkerId("w")
    story.live(
        JobStarted(job_id=id, attempt=1, worker_id=worker, delivery="d"),
        JobCompleted(job_id=id, attempt=1, worker_id=worker, result=result, seconds=0.1),
    )


def rejection(said: list[object]) -> str:
    """The code of the only thing said, a refusal."""
    [refused] = said
    assert isinstance(refused, CommandRejected)
    return refused.code


def test_an_artist_is_followed_once_in_whatever_spelling() -> None:
    story = Story()
    assert story.live(FollowArtist(name="Sigur  Rós")) == [
        ArtistFollowed(artist_id=artist_id("Sigur Rós"), name="Sigur Rós")
    ]
    [unchanged] = story.live(FollowArtist(name="SIGUR RÓS"))
    assert isinstance(unchanged, CommandUnchanged)


def test_an_unfollowed_artist_stays_known() -> None:
    story = Story()
    story.live(FollowArtist(name="Band"))
    id = artist_id("Band")
    assert story.live(UnfollowArtist(artist_id=id)) == [ArtistUnfollowed(artist_id=id)]
    assert story.row(Artist, id).followed is False


def test_an_artist_nobody_knows_cannot_be_unfollowed() -> None:
    assert rejection(list(Story().live(UnfollowArtist(artist_id=artist_id("X"))))) == (
        "artist_not_found"
    )


def test_an_edit_names_a_new_artist_and_wins_over_the_page() -> None:
    story = ready_video()
    said = story.live(EditVideo(video_id=VIDEO, changes=Description(artist="Other\n Band")))
    assert [type(each) for each in said] == [VideoEdited, ArtistAdded]
    assert story.row(Video, VIDEO).artist_id == artist_id("Other Band")


def test_an_edit_that_changes_nothing_is_answered_so() -> None:
    story = ready_video()
    story.live(EditVideo(video_id=VIDEO, changes=Description(title="T")))
    [said] = story.live(EditVideo(video_id=VIDEO, changes=Description(title="T")))
    assert isinstance(said, CommandUnchanged)


def test_a_deleted_video_goes_to_the_trash_and_comes_back() -> None:
    story = ready_video()
    story.live(DeleteVideo(video_id=VIDEO))
    finish(story, "trash", Trashed(moved=(Moved(file_id=FILE, path=BIN),)))
    assert (story.row(File, FILE).state, story.row(File, FILE).rendition.path) == ("trashed", BIN)
    assert rejection(list(story.live(AcquireVideo(video_id=VIDEO)))) == "video_not_found"

    story.live(RestoreVideo(video_id=VIDEO))
    finish(story, "restore", Restored(moved=(Moved(file_id=FILE, path=PLACE),)))
    assert story.row(Video, VIDEO).state == "ready"
    assert story.row(File, FILE).state == "present"


def test_videos_are_counted_by_their_states() -> None:
    story, other = ready_video(), "https://videos.example/2"
    added = VideoAdded(
        video_id=video_id(other), url=other, known=Description(), profile_id=DEFAULT_PROFILE
    )
    story.given(added, added)
    assert _counted(story) == {"ready": 1, "wanted": 1}
    story.live(IgnoreVideo(video_id=video_id(other)), DeleteVideo(video_id=VIDEO))
    assert _counted(story) == {"ignored": 1, "deleted": 1}
    story.live(EditVideo(video_id=video_id(other), changes=Description(title="T")))
    story.given(VideoPurged(video_id=VIDEO, files=(FILE,)))
    assert _counted(story) == {"ignored": 1}


def _counted(story: Story) -> dict[str, int]:
    return {row.id: row.videos for row in story.rows(InState)}


def test_a_video_has_its_place_by_its_title_or_else_by_its_address() -> None:
    story = ready_video()
    story.live(EditVideo(video_id=VIDEO, changes=Description(title="  Émile")))
    assert story.row(Video, VIDEO).title_key == "emile"
    story.live(EditVideo(video_id=VIDEO, changes=Description(), clear=("title",)))
    assert story.row(Video, VIDEO).title_key == URL
    story.live(EditVideo(video_id=VIDEO, changes=Description(title="ﷺ" * 200)))
    assert len(story.row(Video, VIDEO).title_key) == 255


def test_a_video_has_its_place_by_its_artist_or_else_behind_all() -> None:
    story = ready_video()
    story.live(EditVideo(video_id=VIDEO, changes=Description(artist="Björk")))
    assert story.row(Video, VIDEO).artist_key == "bjork"
    story.live(EditVideo(video_id=VIDEO, changes=Description(), clear=("artist",)))
    assert story.row(Video, VIDEO).artist_key == BEHIND_ALL


def test_a_video_restored_while_its_file_is_on_the_way_to_the_trash_gets_it_back() -> None:
    story = ready_video()
    story.live(DeleteVideo(video_id=VIDEO), RestoreVideo(video_id=VIDEO))
    assert [job.kind for job in story.rows(Job)] == ["trash"]
    finish(story, "trash", Trashed(moved=(Moved(file_id=FILE, path=BIN),)))
    finish(story, "restore", Restored(moved=(Moved(file_id=FILE, path=PLACE),)))
    assert (story.row(File, FILE).state, story.row(File, FILE).rendition.path) == ("present", PLACE)


def test_the_trash_is_emptied_when_its_time_is_over() -> None:
    story = ready_video()
    story.live(DeleteVideo(video_id=VIDEO))
    finish(story, "trash", Trashed(moved=(Moved(file_id=FILE, path=BIN),)))
    [timer] = story.timers
    assert timer.due > BEGINNING + TRASH_TIME - timedelta(days=1)
    said = story.live(timer.envelope.message)
    assert [each.spec for each in said if isinstance(each, JobAdded)] == [
        Purge(files=(_to_purge(),))
    ]
    finish(story, "purge", Purged(removed=1))
    assert list(story.rows(File)) == []
    assert list(story.rows(Video)) == []


def test_a_restored_video_is_not_purged_by_the_clock_of_its_deletion() -> None:
    story = ready_video()
    story.live(DeleteVideo(video_id=VIDEO), RestoreVideo(video_id=VIDEO))
    [timer] = story.timers
    assert isinstance(timer.envelope.message, PurgeVideo)
    [said] = story.live(timer.envelope.message)
    assert isinstance(said, CommandUnchanged)


def test_a_ready_video_is_not_fetched_again_and_an_ignored_one_is() -> None:
    story = ready_video()
    assert rejection(list(story.live(AcquireVideo(video_id=VIDEO)))) == "video_ready"
    story.given(VideoWanted(video_id=VIDEO))
    assert story.live(AcquireVideo(video_id=VIDEO))[0] == VideoWanted(video_id=VIDEO)


@pytest.mark.parametrize("url", ["", "x", "ftp://a/b", "https://", "http://[", "javascript:1"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        plain_url(url)
    assert refused.value.code == "invalid_url"


def test_one_address_has_one_spelling() -> None:
    assert plain_url(" HTTPS://Videos.Example:443/Watch?v=1#t=2 ") == (
        "https://videos.example:443/Watch?v=1"
    )


def test_names_lose_what_cannot_be_seen() -> None:
    assert plain_name("  A\x00B\n\tC\u2028D ") == "A B C D"


def test_trash_and_restore_jobs_name_the_sidecars_too() -> None:
    story = ready_video()
    said = story.live(DeleteVideo(video_id=VIDEO))
    [job] = [each for each in said if isinstance(each, JobAdded)]
    assert isinstance(job.spec, Trash | Restore)
    assert [file.path for file in job.spec.files] == [PLACE]


def _to_purge() -> FileToMove:
    return FileToMove(file_id=FILE, path=BIN)
