"""Subtitles become WebVTT, whatever they were."""

from pathlib import Path

import pytest

from mvidarr_api_gateway.subtitles import LARGEST, subtitles_beside, webvtt

SRT = (
    "1\r\n0:00:01,500 --> 0:00:02,000\r\nHello\r\n5: not a time\r\n\r\n"
    "2\r\n00:01:00,000 --> 00:01:01,250\r\nthere\r\n"
)
ASS = """[Script Info]
Title: x
[Events]
Format: Layer, Start, End, Style, Text
Dialogue: 0,0:01:00.00,0:01:01.25,Default,there, you
Dialogue: 0,0:00:01.50,0:00:02.00,Default,{\\i1}Hello{\\i0}\\Nagain
Comment: 0,0:00:03.00,0:00:04.00,Default,nothing
Dialogue: 0,soon,0:00:04.00,Default,nothing
"""


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.srt", SRT.encode(), "WEBVTT\n\n00:00:01.500 --> 00:00:02.000\nHello\n5: not a time\n\n"
         "00:01:00.000 --> 00:01:01.250\nthere\n"),
        ("a.srt", "1\n00:00:01,500 --> 00:00:02,000\nä".encode("cp1252"),
         "WEBVTT\n\n00:00:01.500 --> 00:00:02.000\nä\n"),
        ("a.srt", "1\n00:00:01,500 --> 00:00:02,000\nä".encode("utf-16"),
         "WEBVTT\n\n00:00:01.500 --> 00:00:02.000\nä\n"),
        ("a.ass", ASS.encode(), "WEBVTT\n\n00:00:01.500 --> 00:00:02.000\nHello\nagain\n\n"
         "00:01:00.000 --> 00:01:01.250\nthere, you\n"),
        ("a.ass", b"no events", "WEBVTT\n\n"),
        ("a.vtt", b"\xef\xbb\xbfWEBVTT\n\n00:01.000 --> 00:02.000\nx",
         "WEBVTT\n\n00:01.000 --> 00:02.000\nx"),
    ],
)  # fmt: skip
def test_they_are_webvtt(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert webvtt(path) == expected


def test_what_is_too_large_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(b"x" * (LARGEST + 1))
    with pytest.raises(ValueError, match="too large"):
        webvtt(path)


def test_those_beside_a_film_are_its_own(tmp_path: Path) -> None:
    names = ("Song.en.srt", "Song.en.vtt", "Song.de.forced.ass", "Song.srt", "Song.nfo",
             "Song 2.en.srt", "Songs.srt", "Song.a b.srt")  # fmt: skip
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "Song.fr.srt").symlink_to("/etc/passwd")
    found = [(each.name, each.path.name) for each in subtitles_beside(tmp_path / "Song.mp4")]
    assert found == [
        ("de.forced", "Song.de.forced.ass"), ("en", "Song.en.vtt"), ("und", "Song.srt")
    ]  # fmt: skip
