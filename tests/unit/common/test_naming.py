"""Names that every file system takes and every media server shows."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvidarr_common.errors import Invalid
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.jobs import Place, PlaceFile
from mvidarr_common.messages.library import Description
from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream
from mvidarr_common.naming import DEFAULT_TEMPLATE, checked, folded, path_for, safe, shortened

FACTS = MediaFacts(
    container="mp4",
    duration=200.0,
    size=1,
    video=(VideoStream(codec="h264", width=1920, height=1080),),
    audio=(AudioStream(codec="aac", channels=2, sample_rate=48000),),
)


def placing(artist: str | None = "Artist", title: str | None = "Title", **about: Any) -> Place:
    return Place(
        video_id=VideoId("v1"),
        files=(PlaceFile(path="staging/a.mp4", role="original", sha256="", facts=FACTS),),
        about=Description(artist=artist, title=title, **about),
        page_url="https://example.org",
        source="youtube",
        source_id="dQw4w9WgXcQ",
    )


def named(artist: str | None, title: str | None, template: str = DEFAULT_TEMPLATE) -> str:
    return "/".join(path_for(template, placing(artist, title)))


@pytest.mark.parametrize(
    ("artist", "title", "expected"),
    [
        ("P!nk", "So What", "P!nk/P!nk - So What"),
        ("AC/DC", "T.N.T.", "ACDC/ACDC - T.N.T"),
        ("Guns N' Roses", "Don't Cry", "Guns N' Roses/Guns N' Roses - Don't Cry"),
        ("Simon & Art", "Mrs. Robinson", "Simon & Art/Simon & Art - Mrs. Robinson"),
        ("Björk", "Jóga", "Björk/Björk - Jóga"),
        ("Bjo\u0308rk", "Jo\u0301ga", "Björk/Björk - Jóga"),
        ("Мумий Тролль", "Владивосток 2000", "Мумий Тролль/Мумий Тролль - Владивосток 2000"),
        ("宇多田ヒカル", "光", "宇多田ヒカル/宇多田ヒカル - 光"),
        ("방탄소년단", "봄날", "방탄소년단/방탄소년단 - 봄날"),
        ("فيروز", "نسم علينا الهوى", "فيروز/فيروز - نسم علينا الهوى"),
        ("יהודית רביץ", "לקחת את ידי", "יהודית רביץ/יהודית רביץ - לקחת את ידי"),
        ("คาราบาว", "เมดอินไทยแลนด์", "คาราบาว/คาราบาว - เมดอินไทยแลนด์"),
        ("Κατερίνα", "Ωδή", "Κατερίνα/Κατερίνα - Ωδή"),
        ("Emoji 🎸", "🔥🔥", "Emoji 🎸/Emoji 🎸 - 🔥🔥"),
        ("A", "👩‍🎤 live", "A/A - 👩‍🎤 live"),
        ("Ke$ha", "TiK ToK", "Ke$ha/Ke$ha - TiK ToK"),
        ("!!!", "Must Be the Moon", "!!!/!!! - Must Be the Moon"),
        ("+/-", "Trapped", "+-/+- - Trapped"),
        ("Sunn O)))", "It Took", "Sunn O)))/Sunn O))) - It Took"),
        ("What?", "Who? Why*", "What/What - Who Why"),
        ("Fall: Out", "One: Two", "Fall Out/Fall Out - One Two"),
        ('"Weird Al"', "Eat It", "Weird Al/Weird Al - Eat It"),
        ("A<B>C", "x|y", "ABC/ABC - xy"),
        ("back\\slash", "a\\b", "backslash/backslash - ab"),
        ("Love / Hate", "Yes / No", "Love Hate/Love Hate - Yes No"),
        ("../../etc", "passwd", "etc/etc - passwd"),
        ("..", "..", "Unknown Artist/Unknown Artist - dQw4w9WgXcQ"),
        (".", "x", "Unknown Artist/Unknown Artist - x"),
        ("/", "/", "Unknown Artist/Unknown Artist - dQw4w9WgXcQ"),
        ("...And You Will Know Us", "x", "And You Will Know Us/And You Will Know Us - x"),
        (".hidden", "x", "hidden/hidden - x"),
        ("B.o.B.", "Airplanes...", "B.o.B/B.o.B - Airplanes"),
        ("R.E.M.", "Nightswimming ", "R.E.M/R.E.M - Nightswimming"),
        ("  spaces  ", "  in   side ", "spaces/spaces - in side"),
        ("tab\tand\nline", "nul\x00bell\x07", "tabandline/tabandline - nulbell"),
        ("no\u00a0break", "thin\u2009space", "no break/no break - thin space"),
        ("zero\u200bwidth", "left\u202eright", "zerowidth/zerowidth - leftright"),
        ("\ufeffBOM", "soft\u00adhyphen", "BOM/BOM - softhyphen"),
        ("line\u2028sep", "para\u2029sep", "line sep/line sep - para sep"),
        ("CON", "x", "_CON/CON - x"),
        ("con", "x", "_con/con - x"),
        ("NUL", "x", "_NUL/NUL - x"),
        ("Aux", "x", "_Aux/Aux - x"),
        ("PRN", "x", "_PRN/PRN - x"),
        ("COM1", "x", "_COM1/COM1 - x"),
        ("lpt9", "x", "_lpt9/lpt9 - x"),
        ("COM¹", "x", "_COM¹/COM¹ - x"),
        ("NUL.mp4", "x", "_NUL.mp4/_NUL.mp4 - x"),
        ("con .", "x", "_con/con - x"),
        ("Console", "x", "Console/Console - x"),
        ("Scenes", "x", "Scenes (Artist)/Scenes - x"),
        ("Other", "x", "Other (Artist)/Other - x"),
        ("EXTRAS", "x", "EXTRAS (Artist)/EXTRAS - x"),
        ("Shorts", "x", "Shorts (Artist)/Shorts - x"),
        ("Trailers", "x", "Trailers (Artist)/Trailers - x"),
        ("Behind the Scenes", "x", "Behind the Scenes (Artist)/Behind the Scenes - x"),
        ("Backdrops", "x", "Backdrops (Artist)/Backdrops - x"),
        ("Metadata", "x", "Metadata (Artist)/Metadata - x"),
        ("A", "Movie-trailer", "A/A - Movie-trailer (Video)"),
        ("A", "Trailer", "A/A - Trailer (Video)"),
        ("A", "Sample", "A/A - Sample (Video)"),
        ("A", "The Interview", "A/A - The Interview"),
        ("A", "x-interview", "A/A - x-interview (Video)"),
        ("A", "x-behindthescenes", "A/A - x-behindthescenes (Video)"),
        ("A", "x-Short2", "A/A - x-Short2 (Video)"),
        ("A", "x-scene", "A/A - x-scene (Video)"),
        ("A", "x-other", "A/A - x-other (Video)"),
        ("A", "x.trailer", "A/A - x.trailer (Video)"),
        ("A", "x-live", "A/A - x-live"),
        ("A", "x-lyrics", "A/A - x-lyrics"),
        (None, "x", "Unknown Artist/Unknown Artist - x"),
        ("A", None, "A/A - dQw4w9WgXcQ"),
        ("???", "***", "Unknown Artist/Unknown Artist - dQw4w9WgXcQ"),
        ("{Video Title}", "{x}", "{Video Title}/{Video Title} - {x}"),
        ("%2e%2e%2f", "$(rm)", "%2e%2e%2f/%2e%2e%2f - $(rm)"),
    ],
)  # fmt: skip
def test_awkward_names_become_good_ones(
    artist: str | None, title: str | None, expected: str
) -> None:
    assert named(artist, title) == expected


@pytest.mark.parametrize("letter", ["a", "ö", "光", "🎸", "e\u0301", "👩‍🎤"])
def test_long_names_are_cut_between_letters_and_keep_artist_and_title(letter: str) -> None:
    artist, title = (letter * 300)[:300], "T" + (letter * 300)[:299]
    folder, stem = path_for(DEFAULT_TEMPLATE, placing(artist, title))
    for part in (folder, stem, f"{stem} (2) - transcode 2160p.trickplay", f"{stem}-poster.jpg"):
        assert len(part.encode()) <= 255
        part.encode().decode()
    assert " - T" in stem
    assert not stem.endswith("\u200d")


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_name_ever_climbs_out_or_is_refused_by_a_file_system(artist: str, title: str) -> None:
    parts = path_for(DEFAULT_TEMPLATE, placing(artist or None, title or None))
    assert len(parts) == 2
    for part in parts:
        assert part not in ("", ".", "..")
        assert not set(part) & set('<>:"/\\|?*\x00')
        assert part == part.strip(". ")
        assert len(part.encode()) <= 220


@given(st.text())
def test_a_safe_name_stays_as_it_is(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{Artist NameThe}/{Video Title}", "Beatles, The/Help! - Live"),
        ("{Artist FirstCharacter}/{Artist Name}/{Video Title}", "B/The Beatles/Help! - Live"),
        ("{Artist Name}/{Video CleanTitle}", "The Beatles/Help Live"),
        ("{Artist Name}/{Video Title} ({Release Year})", "The Beatles/Help! - Live (1965)"),
        ("{Artist Name}/{Release Date} {Video Title}", "The Beatles/1965-07-23 Help! - Live"),
        ("{Artist Name}/{Video Title} [{YouTube Id}]", "The Beatles/Help! - Live [dQw4w9WgXcQ]"),
        ("{Artist Name}/{Video Title}{ [Quality Full]}", "The Beatles/Help! - Live [1080p]"),
        ("{Artist Name}/{Video Title}{ - Album Title}", "The Beatles/Help! - Live"),
        ("{ARTIST NAME}/{video title}", "THE BEATLES/help! - live"),
        (
            "{Artist Name}/{Video Title} {MediaInfo VideoCodec}-{MediaInfo AudioChannels}ch",
            "The Beatles/Help! - Live h264-2ch",
        ),
    ],
)
def test_templates_are_filled_in(template: str, expected: str) -> None:
    spec = placing("The Beatles", "Help! - Live", released=date(1965, 7, 23))
    assert "/".join(path_for(checked(template), spec)) == expected


@pytest.mark.parametrize(
    "template",
    [
        "../{Video Title}", "{Artist Name}/../../{Video Title}", "/{Video Title}", "",
        "{Artist Name}/{Video Title}/", "./{Video Title}", "a\\..\\{Video Title}",
        "{Artist Name}/{Artist Name}", "{Nonsense}/{Video Title}", "{Video Title", "Video Title}",
        "{Artist Name}//{Video Title}", "{Video Title}/{Artist Name}",
    ],
)  # fmt: skip
def test_templates_that_climb_out_or_name_nothing_are_refused(template: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked(template)
    assert caught.value.code == "bad_template"


def test_names_are_compared_as_file_systems_compare_them() -> None:
    assert folded("BJÖRK") == folded("bjo\u0308rk")
    assert folded("Straße") == folded("STRASSE")
    assert folded("a") != folded("á")


def test_cutting_counts_bytes() -> None:
    assert shortened("ab" * 5, 4) == "abab"
    assert shortened("öö", 3) == "ö"
    assert shortened("xe\u0301", 2) == "x"
    assert shortened("a. b", 3) == "a"
