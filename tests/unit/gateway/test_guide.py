"""The guide of a channel is XMLTV, and what FFmpeg is told is made of what is known."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from mvidarr_api_gateway.guide import guide
from mvidarr_api_gateway.lineups import Shown
from mvidarr_api_gateway.programme import DAY, Film, between
from mvidarr_api_gateway.splicing import BASE, WRAP, Piece, Reel, Sound, command, reel_of

ORDER = (
    "title", "sub-title", "desc", "credits", "date", "category", "keyword", "language",
    "orig-language", "length", "icon", "url", "country", "episode-num", "video", "audio",
)  # fmt: skip
"""Of a programme's elements, as xmltv.dtd has them."""
TIME = re.compile(r"\d{14} \+0000")
START = 20_000 * DAY
FILM = Reel("library/a.mp4", picture_is_copied=True, sound="copied", lead=5.0)
KNOWN = {
    "v1": Shown("f1", FILM, "Jóga\x07 <live>", "Björk", "Homogenic", 1997, "thumb"),
    "v2": Shown("f2", FILM, "Unknown", None, None, None, None),
}


def _guide() -> Element:
    films = [Film("v1", 3600.0), Film("v2", 1800.5)]
    slots = between(films, "name", START, START + DAY)
    made = guide("c1", "Mine", slots, KNOWN, lambda s: f"/{s.file_id}" if s.picture else None)
    return fromstring(made)


def test_a_guide_has_the_structure_of_xmltv() -> None:
    root = _guide()
    assert [each.tag for each in root[:2]] == ["channel", "programme"]
    assert {each.tag for each in root[1:]} == {"programme"}
    assert [(each.tag, each.text) for each in root[0]] == [("display-name", "Mine")]
    for each in root[1:]:
        assert each.attrib["channel"] == root[0].attrib["id"] == "c1"
        assert TIME.fullmatch(each.attrib["start"])
        assert TIME.fullmatch(each.attrib["stop"])
        places = [ORDER.index(inner.tag) for inner in each]
        assert places == sorted(set(places))
        assert each[0].tag == "title"


def test_a_guide_tells_who_plays_what_and_when() -> None:
    told = list(_guide()[1:])
    starts = [each.attrib["start"] for each in told]
    assert starts[0] == datetime.fromtimestamp(START, UTC).strftime("%Y%m%d%H%M%S +0000")
    assert starts[1:] == [each.attrib["stop"] for each in told[:-1]]
    both = {each.findtext("title"): each for each in told}
    one, other = both["Jóga <live>"], both["Unknown"]
    assert one.findtext("credits/actor") == one.findtext("sub-title") == "Björk"
    assert (one.findtext("date"), one.findtext("length"), one.findtext("desc")) == (
        "1997", "3600", "Homogenic",
    )  # fmt: skip
    assert [icon.attrib["src"] for icon in one.findall("icon")] == ["/f1"]
    assert [inner.tag for inner in other] == ["title", "category", "length"]


def _facts(
    codec: str = "h264", sound: str | None = "aac", container: str = "mp4", **more: Any
) -> dict[str, Any]:
    picture = {"attached": False, "codec": codec, "pixelFormat": "yuv420p", "rotation": 0}
    audio = [{"codec": sound, "channels": 2}] if sound else []
    facts = {
        "container": container,
        "video": [picture | {"keySeconds": 5.0} | more],
        "audio": audio,
    }
    return {"path": "library/a.mp4", "facts": facts}


def test_what_fits_is_copied_and_the_rest_is_encoded() -> None:
    assert reel_of(_facts()) == FILM
    assert reel_of(_facts(attached=True)) is None
    for other in (
        _facts("vp9"), _facts("hevc"), _facts(pixelFormat="yuv420p10le"), _facts(rotation=90),
        _facts(keySeconds=60.0), _facts(container="avi"),
    ):  # fmt: skip
        reel = reel_of(other)
        assert reel == Reel("library/a.mp4", picture_is_copied=False, sound="copied")
    for sound in ("opus", None):
        done: Sound = "encoded" if sound else "none"
        assert reel_of(_facts(sound=sound)) == Reel("library/a.mp4", True, done, 5.0)


def test_a_piece_stands_where_the_one_before_has_ended() -> None:
    piece = Piece(number=33, at=WRAP, start=1.5, seconds=60, burst=2, title="-i /etc/passwd")
    line = command("ffmpeg", Path("/data/library/a.mp4"), FILM, piece)
    told = {name: line[n + 1] for n, name in enumerate(line[:-1]) if name.startswith("-")}
    assert (told["-ss"], told["-t"], told["-i"]) == ("1.500", "60.000", "file:/data/library/a.mp4")
    assert (told["-output_ts_offset"], told["-tables_version"]) == (f"{BASE:.6f}", "1")
    assert told["-mpegts_flags"] == "+initial_discontinuity"
    assert "service_name=-i /etc/passwd" in line
    first = command("ffmpeg", Path("a"), FILM, Piece(0, 0, 0, 60, 5, "Song"))
    assert not {"-ss", "-mpegts_flags", "-copypriorss"} & set(first)
