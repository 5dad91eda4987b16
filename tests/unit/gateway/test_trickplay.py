"""Small frames: each ten seconds have their tile."""

from mvidarr_api_gateway.trickplay import index, sheets_of
from mvidarr_common.messages.library import Rendition
from mvidarr_common.messages.media import MediaFacts, VideoStream


def film(duration: float | None, *sidecars: str) -> Rendition:
    picture = VideoStream(codec="h264", width=1920, height=1080)
    facts = MediaFacts(container="mp4", duration=duration, size=1, video=(picture,))
    return Rendition(path="Song.mp4", role="original", sha256="0", facts=facts, sidecars=sidecars)


def test_the_tiles_follow_one_another_over_all_sheets() -> None:
    sheets = sheets_of(film(75.25, "Song.nfo", "Song.trickplay/320 - 2x2/0.jpg"))
    assert sheets is not None
    head, *cues = index(sheets, "t").split("\n\n")
    assert (head, len(cues)) == ("WEBVTT", 8)
    assert cues[0] == "00:00:00.000 --> 00:00:10.000\ntrickplay/0.jpg?ticket=t#xywh=0,0,320,180"
    assert cues[3].endswith("trickplay/0.jpg?ticket=t#xywh=320,180,320,180")
    assert cues[4].endswith("trickplay/1.jpg?ticket=t#xywh=0,0,320,180")
    assert cues[7].startswith("00:01:10.000 --> 00:01:15.250\n")


def test_a_film_without_sheets_or_length_has_none() -> None:
    assert sheets_of(film(75.0, "Song-poster.jpg")) is None
    assert sheets_of(film(None, "Song.trickplay/320 - 10x10/0.jpg")) is None
