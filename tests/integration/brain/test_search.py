"""Search finds the same in the same order on every kind of database."""

import pytest

from mvidarr_catalog.brain.leader import Leader
from mvidarr_common.bus import Record
from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.messages.ids import ProfileId, VideoId
from mvidarr_common.messages.library import Description, VideoAdded, VideoEdited
from mvidarr_common.messages.queries import ListArtists, ListVideos
from mvidarr_common.testing.conditions import eventually

from .conftest import DATABASES, World

pytestmark = pytest.mark.parametrize("ground", DATABASES, indirect=True)

SONGS = [
    ("The Beatles", "Let It Be"),
    ("The Beatles", "Let It Be (Naked)"),
    ("Labrinth", "Let It Be"),
    ("Björk", "It's Oh So Quiet"),
    ("AC/DC", "T.N.T."),
    ("U2", "One"),
    ("Mø", "Kamikaze"),
    ("東京事変", "群青日和"),
    ("!!!", "All My Heroes Are Weirdos"),
    ("100%", "50_50"),
    ("Betty", "Who Let Me Be It"),
]

ASKED = {
    "let it be": ["Labrinth: Let It Be", "The Beatles: Let It Be", "The Beatles: Let It Be (Naked)",
                  "Betty: Who Let Me Be It"],
    "beat": ["The Beatles: Let It Be", "The Beatles: Let It Be (Naked)"],
    "naked beatles": ["The Beatles: Let It Be (Naked)"],
    "bjork QUIET": ["Björk: It's Oh So Quiet"],
    "oh so q": ["Björk: It's Oh So Quiet"],
    "acdc": ["AC/DC: T.N.T."],
    "ac/dc tnt": ["AC/DC: T.N.T."],
    "u2": ["U2: One"],
    "mo": ["Mø: Kamikaze"],
    "事変": ["東京事変: 群青日和"],
    "!!!": ["!!!: All My Heroes Are Weirdos"],
    "%": [],
    "_": [],
    "5": ["100%: 50_50"],
    "eatles": [],
    "nobody": [],
    '+let -it "be" *~<>()@': [],
}  # fmt: skip


def added(number: int, artist: str, title: str) -> Envelope:
    """A video is known."""
    video = VideoAdded(
        video_id=VideoId(f"video-{number:02}"), url=f"https://videos.example/{number}",
        known=Description(title=title, artist=artist), profile_id=ProfileId("default"),
    )  # fmt: skip
    return fresh(video, source="test")


def renamed(number: int) -> Envelope:
    """A video has another title."""
    changes = Description(title=f"Renamed {number:02}")
    return fresh(
        VideoEdited(video_id=VideoId(f"video-{number:02}"), changes=changes), source="test"
    )


async def found(world: World, question: str, limit: int = 50) -> list[str]:
    """What is found, page by page."""
    videos: list[str] = []
    cursor = None
    while True:
        page = await world.ask(ListVideos(search=question, limit=limit, cursor=cursor))
        videos += [f"{each.artist}: {each.title}" for each in page.items]
        if (cursor := page.next) is None:
            return videos


async def test_what_is_asked_for_is_found_best_first(world: World) -> None:
    async with world.leading():
        for number, (artist, title) in enumerate(SONGS):
            song = added(number, artist, title)
            await world.bus.publish(song)
        await eventually(lambda: world.known(song))
        await world.quiet()
        assert {question: await found(world, question) for question in ASKED} == ASKED
        assert await found(world, "let it be", limit=1) == ASKED["let it be"]
        assert len(await found(world, " ")) == len(SONGS)
        for asked in (ListVideos(total=True), ListVideos(total=True, filter="title != x")):
            assert (await world.ask(asked)).total == len(SONGS)
        assert (await world.ask(ListVideos(total=True, state="ready"))).total == 0
        artists = await world.ask(ListArtists(search="be"))
        assert [each.name for each in artists.items] == ["Betty", "The Beatles"]


async def test_what_many_videos_were_renamed_to_at_once_is_found(world: World) -> None:
    leader = Leader(world.engine, world.bus, world.brain)
    await leader.take_over()
    songs = [added(number, *SONGS[number]) for number in range(4)]
    said = [*songs, *map(renamed, range(4))]
    records = [Record(offset, each.encode()) for offset, each in enumerate(said)]
    await leader.take(records[:4])
    await leader.take(records[4:])
    names = [f"{SONGS[number][0]}: Renamed {number:02}" for number in range(4)]
    assert sorted(await found(world, "renamed")) == sorted(names)
    assert await found(world, "let it be") == []
