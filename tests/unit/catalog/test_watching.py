"""How far people have come in films, told in messages."""

from mvidarr_catalog.library.watching import MOST, Watching
from mvidarr_catalog.testing import Story
from mvidarr_common.messages.identity import UserDeleted
from mvidarr_common.messages.ids import FileId, UserId, VideoId
from mvidarr_common.messages.library import (
    Description,
    FileAdded,
    Rendition,
    VideoAdded,
    VideoDeleted,
)
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.profiles import DEFAULT_PROFILE
from mvidarr_common.messages.system import CommandRejected
from mvidarr_common.messages.watching import (
    ForgetPosition,
    KeepPosition,
    PositionForgotten,
    PositionKept,
)

ADA, BOB = UserId("ada"), UserId("bob")
FACTS = MediaFacts(container="mp4", duration=200.0, size=1)


def library(*names: str) -> Story:
    """Videos with a film each."""
    story = Story()
    for name in names:
        id, known = VideoId(name), Description(title=name)
        video = VideoAdded(
            video_id=id, url=f"http://x/{name}", known=known, profile_id=DEFAULT_PROFILE
        )
        file = Rendition(path=f"library/{name}.mp4", role="original", sha256="0", facts=FACTS)
        story.given(video, FileAdded(file_id=FileId(name), video_id=id, rendition=file))
    return story


def at(story: Story, name: str, position: float, user: UserId = ADA) -> None:
    story.live(KeepPosition(user_id=user, video_id=VideoId(name), position=position))


def begun(story: Story, user: UserId = ADA) -> list[tuple[str, float]]:
    return [(film.video_id, film.position) for film in story.row(Watching, user).films]


def test_what_was_watched_last_comes_first() -> None:
    story = library("one", "two")
    for name, position in (("one", 10.0), ("two", 20.0), ("one", 30.0)):
        at(story, name, position)
    at(story, "one", 99.0, BOB)
    assert begun(story) == [("one", 30.0), ("two", 20.0)]
    assert begun(story, BOB) == [("one", 99.0)]


def test_a_film_near_its_end_is_finished() -> None:
    story = library("one")
    at(story, "one", 189.9)
    assert begun(story) == [("one", 189.9)]
    [kept] = story.live(KeepPosition(user_id=ADA, video_id=VideoId("one"), position=190.0))
    assert isinstance(kept, PositionKept)
    assert (kept.finished, kept.duration) == (True, 200.0)
    assert begun(story) == []


def test_a_position_is_forgotten_once() -> None:
    story = library("one")
    at(story, "one", 10.0)
    forget = ForgetPosition(user_id=ADA, video_id=VideoId("one"))
    assert story.live(forget) == [PositionForgotten(user_id=ADA, video_id=VideoId("one"))]
    [refused] = story.live(forget)
    assert isinstance(refused, CommandRejected)
    assert refused.code == "position_not_found"


def test_there_are_no_positions_in_what_is_not_there() -> None:
    story = library("one").given(VideoDeleted(video_id=VideoId("one"), title="one"))
    for name in ("one", "two"):
        asked = KeepPosition(user_id=ADA, video_id=VideoId(name), position=1)
        [refused] = story.live(asked)
        assert isinstance(refused, CommandRejected)
        assert refused.code == "video_not_found"


def test_so_many_are_kept_and_none_of_a_user_who_is_gone() -> None:
    story = library("one")
    for number in range(MOST + 1):
        event = PositionKept(
            user_id=ADA, video_id=VideoId(f"v{number}"), position=1, duration=None, finished=False
        )
        story.given(event)
    assert (len(begun(story)), begun(story)[-1]) == (MOST, ("v1", 1))
    story.given(UserDeleted(user_id=ADA))
    assert story.rows(Watching) == []
