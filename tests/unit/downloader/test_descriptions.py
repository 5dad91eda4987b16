"""Artist and title are read from what pages say, as people would write them."""

from datetime import date
from typing import Any

import pytest

from mvidarr_downloader.descriptions import clean_title, describe, uploaded


@pytest.mark.parametrize(
    ("info", "artist", "title"),
    [
        ({"title": "Björk - Army of Me (Official Music Video)"}, "Björk", "Army of Me"),
        ({"title": "a-ha – Take On Me [Official Video] [4K]"}, "a-ha", "Take On Me"),
        ({"title": "Queen — Bohemian Rhapsody | Official Video"}, "Queen", "Bohemian Rhapsody"),
        ({"title": "Army of Me", "uploader": "BjörkVEVO"}, "Björk", "Army of Me"),
        ({"title": "Army of Me", "uploader": "Björk - Topic"}, "Björk", "Army of Me"),
        ({"title": "Army of Me", "artist": "Björk", "uploader": "X"}, "Björk", "Army of Me"),
        ({"title": "Björk - Army of Me", "artists": ["Björk"]}, "Björk", "Army of Me"),
        ({"title": "Up (HD)", "track": "Up", "artists": ["A", "B"]}, "A, B", "Up"),
        ({"title": "Live - Lightning Crashes", "creator": "Nobody"}, "Nobody",
         "Live - Lightning Crashes"),
        ({"title": "Jay-Z - 99 Problems"}, "Jay-Z", "99 Problems"),
        ({"title": "Only a title"}, None, "Only a title"),
        ({"title": 'Pulp - "Common People" (Official Video)'}, "Pulp", "Common People"),
        ({"title": "A - B (1)", "extractor_key": "HTML5MediaEmbed"}, "A", "B"),
        ({"title": "A - Song 2 (1)", "extractor_key": "Youtube"}, "A", "Song 2 (1)"),
        ({"title": "video"}, None, "video"),
        ({}, None, None),
    ],
)  # fmt: skip
def test_artist_and_title_are_told_apart(
    info: dict[str, Any], artist: str | None, title: str | None
) -> None:
    found = describe(info)
    assert (found.artist, found.title) == (artist, title)


@pytest.mark.parametrize(
    ("said", "cleaned"),
    [
        ("Song (Official Video)", "Song"),
        ("Song (OFFICIAL HD VIDEO)", "Song"),
        ("Song [Official Lyric Video]", "Song"),
        ("Song (Official Visualizer)", "Song"),
        ("Song (Lyrics)", "Song"),
        ("Song (The Official Music Video)", "Song"),
        ("Song - Official Audio", "Song"),
        ("Song Official Music Video", "Song"),
        ("Song (Official Video HD)", "Song"),
        ("Song (Live at Wembley)", "Song (Live at Wembley)"),
        ("Song (Acoustic)", "Song (Acoustic)"),
        ("Song (Remix)", "Song (Remix)"),
        ("Song (feat. Somebody)", "Song (feat. Somebody)"),
        ("Video Killed the Radio Star", "Video Killed the Radio Star"),
        ("Official Girl", "Official Girl"),
        ("(Official Video)", "(Official Video)"),
    ],
)
def test_titles_lose_what_belongs_to_the_site_and_keep_what_belongs_to_the_song(
    said: str, cleaned: str
) -> None:
    assert clean_title(said) == cleaned


def test_a_description_takes_dates_album_and_genres() -> None:
    found = describe(
        {"title": "T", "album": "Post", "release_date": "19950424", "genres": ["Pop", "Art"]}
    )
    assert (found.album, found.released) == ("Post", date(1995, 4, 24))
    assert found.genres == ("Pop", "Art")


def test_the_day_of_the_upload_is_not_the_day_of_the_release() -> None:
    info = {"title": "T", "upload_date": "20091025"}
    assert describe(info).released is None
    assert uploaded(info) == date(2009, 10, 25)


@pytest.mark.parametrize("year", [1995, "1995"])
def test_a_year_alone_is_a_release_too(year: object) -> None:
    assert describe({"title": "T", "release_year": year}).released == date(1995, 1, 1)


def test_what_is_too_long_or_unprintable_is_cut() -> None:
    found = describe({"title": "x" * 400, "artist": "A\x00B\x1b", "description": "y" * 30_000})
    assert found.title == "x" * 300
    assert found.artist == "AB"
    assert found.description == "y" * 20_000


@pytest.mark.parametrize("bad", ["2024", "garbage", 12])
def test_a_date_that_is_none_is_not_known(bad: object) -> None:
    assert uploaded({"upload_date": bad}) is None
