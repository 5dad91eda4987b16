"""A video that is described anew while it lies in the library, told in messages."""

from tests.unit.catalog.workers import work

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.library.files import File
from mvidarr_catalog.library.naming import video_id
from mvidarr_catalog.testing import Story
from mvidarr_common.messages.jobs import JobAdded, Rename, Sidecars
from mvidarr_common.messages.library import AddVideo, DeleteVideo, Description, EditVideo
from mvidarr_common.messages.system import LogStarted

URL = "https://videos.example/watch/1"
VIDEO = video_id(URL)


def library() -> Story:
    """A library with one video, ready."""
    story = Story()
    story.live(LogStarted(log_id="log"))
    story.live(AddVideo(url=URL))
    work(story)
    return story


def edit(story: Story, title: str, artist: str | None = None) -> list[object]:
    changes = Description(title=title, artist=artist)
    said = story.live(EditVideo(video_id=VIDEO, changes=changes))
    return [each.spec for each in said if isinstance(each, JobAdded)]


def test_an_edited_video_gets_its_names_and_its_nfo_anew() -> None:
    story = library()
    [renaming] = edit(story, title="Jóga", artist="Björk")
    assert isinstance(renaming, Rename)
    assert renaming.place.about == Description(title="Jóga", artist="Björk")
    work(story)
    [file] = story.rows(File)
    assert file.rendition.path.endswith("/r")
    [writing] = [job.spec for job in story.rows(Job) if isinstance(job.spec, Sidecars)]
    assert (writing.path, writing.place.about.title) == (file.rendition.path, "Jóga")


def test_what_is_said_during_a_renaming_is_done_after_it() -> None:
    story = library()
    edit(story, title="One")
    assert edit(story, title="Two") == []
    work(story)
    renamings = [job.spec for job in story.rows(Job) if isinstance(job.spec, Rename)]
    assert {each.place.about.title for each in renamings} == {"One", "Two"}


def test_what_is_said_while_the_files_are_on_their_way_is_done_when_they_are_there() -> None:
    story = Story()
    story.live(LogStarted(log_id="log"))
    story.live(AddVideo(url=URL))
    work(story, "download", "verify", "thumbnails")
    assert edit(story, title="Late") == []
    work(story)
    [renaming] = [job.spec for job in story.rows(Job) if isinstance(job.spec, Rename)]
    assert renaming.place.about.title == "Late"


def test_an_edit_that_names_nothing_new_moves_nothing() -> None:
    story = library()
    edit(story, title="One")
    work(story)
    assert edit(story, title="One") == []


def test_a_video_that_is_deleted_meanwhile_is_not_described_in_the_trash() -> None:
    story = library()
    edit(story, title="One")
    story.live(DeleteVideo(video_id=VIDEO))
    work(story)
    assert not [job for job in story.rows(Job) if job.kind == "sidecars"]
    [file] = story.rows(File)
    assert file.state == "trashed"
