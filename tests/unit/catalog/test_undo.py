"""What commands have changed is taken back, told in messages."""

import pytest
from tests.unit.catalog.test_library import finish

from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.library.artists import Artist
from mvidarr_catalog.library.files import File
from mvidarr_catalog.library.naming import video_id
from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.testing import Story
from mvidarr_catalog.undo import Deed
from mvidarr_common.messages import Command
from mvidarr_common.messages.curating import (
    BulkEditVideos,
    CommandUndone,
    MergeArtists,
    UndoCommand,
    VideosEdited,
)
from mvidarr_common.messages.ids import ArtistId, FileId, ProfileId, VideoId, artist_id
from mvidarr_common.messages.jobs import JobAdded, Moved, Restore, Restored, Trashed
from mvidarr_common.messages.library import (
    AcquireVideo,
    ArtistAdded,
    ArtistFollowed,
    DeleteVideo,
    Description,
    EditVideo,
    FileAdded,
    FollowArtist,
    IgnoreVideo,
    Rendition,
    RestoreVideo,
    UnfollowArtist,
    VideoAdded,
    VideoDescribed,
    VideoPurged,
    VideoReady,
)
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.profiles import DEFAULT_PROFILE, QualityProfile, SaveProfile
from mvidarr_common.messages.system import CommandRejected, LogStarted

URLS = [f"https://videos.example/{n}" for n in range(3)]
VIDEOS = [video_id(url) for url in URLS]
FILE = FileId("file-1")
PLACE, BIN = "library/Band/Band - Song.mp4", "trash/Band/Band - Song.mp4"
BAND, ALIAS = artist_id("Band"), artist_id("The Band")


def library() -> Story:
    """Three videos of two spellings of a name; the first lies in the library."""
    story = Story()
    story.live(LogStarted(log_id="log"))
    facts = MediaFacts(container="mp4", duration=1.0, size=1)
    rendition = Rendition(path=PLACE, role="original", sha256="ab", facts=facts)
    story.given(
        ArtistAdded(artist_id=BAND, name="Band"), ArtistAdded(artist_id=ALIAS, name="The Band")
    )
    for url, name in zip(URLS, ("Band", "The Band", "The Band"), strict=True):
        known = Description(title=f"Song of {name}", artist=name)
        added = VideoAdded(video_id=video_id(url), url=url, known=known, profile_id=DEFAULT_PROFILE)
        story.given(added)
    ready = VideoReady(video_id=VIDEOS[0], title="Song", artist="Band", path=PLACE, quality="144p")
    return story.given(FileAdded(file_id=FILE, video_id=VIDEOS[0], rendition=rendition), ready)


def do(story: Story, command: Command) -> str:
    """Carry a command out; its id."""
    envelope = story.envelope(command)
    story.pass_on(envelope)
    return envelope.id


def undo(story: Story, id: str) -> str:
    """Undo it, well; the id of the undoing."""
    envelope = story.envelope(UndoCommand(command_id=id))
    said = story.pass_on(envelope)
    assert any(isinstance(each, CommandUndone) for each in said), said
    return envelope.id


def refused(story: Story, id: str) -> str:
    """The code with which undoing is refused; nothing else is said."""
    [said] = story.live(UndoCommand(command_id=id))
    assert isinstance(said, CommandRejected), said
    return said.code


def known(story: Story) -> list[Description]:
    """What people say of the videos."""
    return [story.row(Video, id).known for id in VIDEOS]


def read_model(story: Story) -> list[Row]:
    """All that counts: not what commands have done, nor when a row was changed."""
    rows = [row for row in story.rows(Row) if not isinstance(row, Deed)]
    return [row.changed(changed_at=None) if isinstance(row, Video) else row for row in rows]


def test_an_edit_is_undone_and_the_undoing_too() -> None:
    story = library()
    before = known(story)
    edited = do(story, EditVideo(video_id=VIDEOS[0], changes=Description(title="T", album="A")))
    after = known(story)
    undone = undo(story, edited)
    assert known(story) == before
    undo(story, undone)
    assert known(story) == after
    assert refused(story, edited) == "already_undone"


def test_what_was_not_known_is_not_known_again_and_the_page_has_its_say() -> None:
    story = library()
    story.given(VideoDescribed(video_id=VIDEOS[0], found=Description(album="Of the page")))
    edited = do(story, EditVideo(video_id=VIDEOS[0], changes=Description(album="Mine")))
    assert story.row(Video, VIDEOS[0]).about.album == "Mine"
    undo(story, edited)
    assert story.row(Video, VIDEOS[0]).about.album == "Of the page"


def test_an_edit_of_other_fields_does_not_stand_in_the_way() -> None:
    story = library()
    first = do(story, EditVideo(video_id=VIDEOS[0], changes=Description(title="T")))
    do(story, EditVideo(video_id=VIDEOS[0], changes=Description(album="A")))
    undo(story, first)
    now = story.row(Video, VIDEOS[0]).known
    assert (now.title, now.album) == ("Song of Band", "A")


def test_what_was_edited_again_is_not_undone() -> None:
    story = library()
    first = do(story, EditVideo(video_id=VIDEOS[0], changes=Description(title="T")))
    do(story, EditVideo(video_id=VIDEOS[0], changes=Description(title="U")))
    assert refused(story, first) == "overtaken"


def test_a_bulk_edit_is_undone_as_one_or_not_at_all() -> None:
    story = library()
    before = known(story)
    command = BulkEditVideos(video_ids=tuple(VIDEOS), changes=Description(genres=("Pop",)))
    edited = do(story, command)
    assert {each.genres for each in known(story)} == {("Pop",)}
    undone = undo(story, edited)
    assert known(story) == before
    again = undo(story, undone)
    do(story, EditVideo(video_id=VIDEOS[2], changes=Description(genres=("Rock",))))
    after = known(story)
    assert refused(story, again) == "overtaken"
    assert known(story) == after


def test_of_a_bulk_edit_nothing_is_done_when_one_video_is_not_there() -> None:
    story = library()
    ids = (*VIDEOS, VideoId("unknown"))
    [said] = story.live(BulkEditVideos(video_ids=ids, changes=Description(album="A")))
    assert isinstance(said, CommandRejected)
    assert said.code == "video_not_found"


def test_a_bulk_edit_says_last_how_many_it_has_changed() -> None:
    story = library()
    do(story, EditVideo(video_id=VIDEOS[0], changes=Description(album="A")))
    command = BulkEditVideos(video_ids=(*VIDEOS, VIDEOS[0]), changes=Description(album="A"))
    assert story.when(command)[-1] == VideosEdited(edited=2, unchanged=1)


def test_a_deleted_video_comes_back_with_its_file_and_goes_again() -> None:
    story = library()
    deleted = do(story, DeleteVideo(video_id=VIDEOS[0]))
    finish(story, "trash", Trashed(moved=(Moved(file_id=FILE, path=BIN),)))
    envelope = story.envelope(UndoCommand(command_id=deleted))
    said = story.pass_on(envelope)
    assert [type(each.spec) for each in said if isinstance(each, JobAdded)] == [Restore]
    finish(story, "restore", Restored(moved=(Moved(file_id=FILE, path=PLACE),)))
    assert (story.row(Video, VIDEOS[0]).state, story.row(File, FILE).state) == ("ready", "present")
    undo(story, envelope.id)
    assert story.row(Video, VIDEOS[0]).state == "deleted"


def test_a_video_that_was_ignored_when_it_was_deleted_is_ignored_again() -> None:
    story = library()
    do(story, IgnoreVideo(video_id=VIDEOS[1]))
    undo(story, do(story, DeleteVideo(video_id=VIDEOS[1])))
    assert story.row(Video, VIDEOS[1]).state == "ignored"


def test_a_video_whose_time_in_the_trash_is_over_does_not_come_back() -> None:
    story = library()
    deleted = do(story, DeleteVideo(video_id=VIDEOS[1]))
    story.given(VideoPurged(video_id=VIDEOS[1]))
    assert refused(story, deleted) == "overtaken"


def test_a_video_that_was_restored_and_deleted_anew_is_of_the_newer_command() -> None:
    story = library()
    first = do(story, DeleteVideo(video_id=VIDEOS[1]))
    restored = do(story, RestoreVideo(video_id=VIDEOS[1]))
    second = do(story, DeleteVideo(video_id=VIDEOS[1]))
    assert refused(story, first) == "overtaken"
    assert refused(story, restored) == "overtaken"
    undo(story, second)


def test_artists_are_merged_and_parted_with_their_videos() -> None:
    story = library()
    do(story, FollowArtist(name="The Band"))
    before = read_model(story)
    merged = do(story, MergeArtists(artist_id=BAND, others=(ALIAS,)))
    assert {story.row(Video, id).artist_id for id in VIDEOS} == {BAND}
    assert story.row(Artist, ALIAS).merged_into == BAND
    assert story.row(Artist, BAND).followed
    after = read_model(story)
    undone = undo(story, merged)
    assert read_model(story) == before
    undo(story, undone)
    assert read_model(story) == after


def test_another_name_means_the_artist_from_then_on() -> None:
    story = library()
    do(story, MergeArtists(artist_id=BAND, others=(ALIAS,)))
    assert story.live(FollowArtist(name="the band")) == [
        ArtistFollowed(artist_id=BAND, name="Band")
    ]
    url = "https://videos.example/9"
    known = Description(artist="THE BAND")
    story.live(VideoAdded(video_id=video_id(url), url=url, known=known, profile_id=DEFAULT_PROFILE))
    assert story.row(Video, video_id(url)).artist_id == BAND


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (BAND, ArtistId("unknown"), "artist_not_found"),
        (ArtistId("unknown"), BAND, "artist_not_found"),
        (BAND, ALIAS, "artist_merged"),
        (ALIAS, BAND, "artist_merged"),
    ],
)
def test_only_artists_that_stand_for_themselves_are_merged(
    one: ArtistId, other: ArtistId, code: str
) -> None:
    story = library()
    story.given(ArtistAdded(artist_id=artist_id("Third"), name="Third"))
    do(story, MergeArtists(artist_id=artist_id("Third"), others=(ALIAS,)))
    [said] = story.live(MergeArtists(artist_id=one, others=(other,)))
    assert isinstance(said, CommandRejected)
    assert said.code == code


def test_following_and_unfollowing_are_undone() -> None:
    story = library()
    undo(story, do(story, FollowArtist(name="Band")))
    assert not story.row(Artist, BAND).followed
    do(story, FollowArtist(name="Band"))
    undo(story, do(story, UnfollowArtist(artist_id=BAND)))
    assert story.row(Artist, BAND).followed


def test_a_profile_is_as_it_was_unless_it_was_saved_again() -> None:
    story, id = library(), ProfileId("p")
    first = do(story, SaveProfile(profile_id=id, profile=QualityProfile(name="One")))
    second = do(story, SaveProfile(profile_id=id, profile=QualityProfile(name="Two")))
    assert refused(story, first) == "overtaken"
    undo(story, second)
    undo(story, first)


@pytest.mark.parametrize(
    "command",
    [
        AcquireVideo(video_id=VIDEOS[1]),
        EditVideo(video_id=VideoId("unknown"), changes=Description(title="T")),
        EditVideo(video_id=VIDEOS[0], changes=Description(title="Song of Band")),
    ],
)
def test_what_cannot_be_undone_or_has_changed_nothing_is_refused(command: Command) -> None:
    story = library()
    assert refused(story, do(story, command)) in ("not_undoable", "nothing_to_undo")


def test_everything_is_undone_in_reverse_order() -> None:
    """Whatever was done, one after the other: backwards it leads to where it began."""
    story = library()
    before = known(story)
    done = [
        do(story, command)
        for command in (
            EditVideo(video_id=VIDEOS[1], changes=Description(artist="Band", title="New")),
            MergeArtists(artist_id=BAND, others=(ALIAS,)),
            BulkEditVideos(video_ids=tuple(VIDEOS), changes=Description(album="A")),
            DeleteVideo(video_id=VIDEOS[1]),
        )
    ]
    for id in reversed(done):
        undo(story, id)
    assert known(story) == before
