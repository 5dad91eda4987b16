"""The `.nfo` is what Kodi and Jellyfin read."""

import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path
from typing import Any

from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.jobs import Place, PlaceFile
from mvidarr_common.messages.library import Description
from mvidarr_common.messages.media import AudioStream, MediaFacts, VideoStream
from mvidarr_transcoder.nfo import nfo

KNOWN_TO_KODI = {
    "title", "artist", "album", "plot", "premiered", "year", "genre", "director", "studio",
    "runtime", "uniqueid", "fileinfo",
}  # fmt: skip


def placing(duration: float | None = 230.4, **about: Any) -> Place:
    facts = MediaFacts(
        container="mp4",
        duration=duration,
        size=1,
        video=(VideoStream(codec="H264", width=1920, height=1080),),
        audio=(AudioStream(codec="aac", channels=2, sample_rate=48000, language="eng"),),
        subtitles=("mov_text:swe", "mov_text"),
    )
    return Place(
        video_id=VideoId("v1"),
        files=(PlaceFile(path="a.mp4", role="original", sha256="", facts=facts),),
        about=Description(**about),
        page_url="https://example.org/watch?a=1&b=2",
        source="Youtube",
        source_id="xFrGuyw1V8s",
    )


def test_everything_known_is_written() -> None:
    spec = placing(
        title="Dancing Queen", artist="ABBA", album="Arrival", released=date(1976, 8, 15),
        description="Seen & heard <live>", genres=("Pop", "Disco"),
        directors=("Lasse Hallström",), studio="Polar",
    )  # fmt: skip
    assert nfo(spec).decode() == (Path(__file__).parent / "expected.nfo").read_text()


def test_readers_find_what_they_require() -> None:
    root = ET.fromstring(nfo(placing(title="T", artist="A", released=date(2001, 2, 3))))
    assert root.tag == "musicvideo"
    assert {element.tag for element in root} <= KNOWN_TO_KODI | {"pageurl"}
    assert len([e for e in root.iter("uniqueid") if e.get("default") == "true"]) == 1
    assert root.find("id") is None
    assert root.findtext("premiered") == "2001-02-03"


def test_the_run_time_is_in_whole_minutes_and_never_zero() -> None:
    for seconds, minutes in ((5.0, "1"), (89.0, "1"), (91.0, "2"), (3600.0, "60"), (None, None)):
        assert ET.fromstring(nfo(placing(seconds))).findtext("runtime") == minutes


def test_what_is_unknown_is_left_out_and_the_title_never_is() -> None:
    root = ET.fromstring(nfo(placing()))
    assert root.findtext("title") == "xFrGuyw1V8s"
    assert root.find("artist") is None
    assert root.find("plot") is None


def test_control_characters_do_not_break_the_document() -> None:
    root = ET.fromstring(nfo(placing(title="a\x00b\x0bc\uffffd", description="x\ny\x1b[0m")))
    assert root.findtext("title") == "abcd"
    assert root.findtext("plot") == "x\ny[0m"
