"""Facts in full: what FFmpeg wrote is what a probe finds, whatever the oddity."""

from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import ProbeMany
from mvidarr_common.messages.media import MediaFacts, VideoStream
from mvidarr_transcoder.media import measure
from mvidarr_transcoder.operations import probe_many

FILM = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2"]
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
PQ = [
    "-vf", "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:"
    "colorspace=bt2020nc", "-c:v", "libx265", "-preset", "ultrafast",
    "-x265-params", "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
]  # fmt: skip


def picture(facts: MediaFacts) -> VideoStream:
    assert facts.picture is not None
    return facts.picture


def test_profile_level_and_depth_are_found(make: Any) -> None:
    made = make("a.mp4", *FILM, *X264, "-profile:v", "main", "-level", "3.1", "-preset", "medium")
    film = picture(measure(str(made)))
    assert (film.profile, film.level, film.bit_depth, film.b_frames) == ("Main", "3.1", 8, True)
    assert (film.frames, film.variable_rate, film.interlaced, film.hdr) == (50, False, False, None)


def test_high_dynamic_range_is_found_with_its_colours(make: Any) -> None:
    film = picture(measure(str(make("hdr.mkv", *FILM, *PQ))))
    assert (film.hdr, film.bit_depth, film.profile) == ("hdr10", 10, "Main 10")
    assert (film.primaries, film.transfer, film.matrix) == ("bt2020", "smpte2084", "bt2020nc")


@pytest.mark.parametrize("name", ["vfr.mp4", "vfr.mkv"])
def test_a_variable_frame_rate_is_found(name: str, make: Any) -> None:
    some = ["-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr"]
    assert picture(measure(str(make(name, *FILM, *some, *X264)))).variable_rate


@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "60"])
@pytest.mark.parametrize("name", ["cfr.mkv", "cfr.webm", "cfr.ts"])
def test_a_constant_rate_in_a_container_that_rounds_is_constant(
    name: str, rate: str, make: Any
) -> None:
    codec = ["-c:v", "libvpx", "-deadline", "realtime"] if name.endswith("webm") else X264
    made = make(name, "-f", "lavfi", "-i", f"testsrc2=s=64x36:r={rate}:d=2", *codec)
    assert not picture(measure(str(made))).variable_rate


def test_rotation_interlacing_and_pixel_shape_are_found(media: Path, make: Any) -> None:
    turned = make("t.mp4", "-display_rotation", "90", "-i", str(media / "whole.mp4"), "-c", "copy")
    film = picture(measure(str(turned)))
    assert (film.rotation, film.width, film.height) == (90, 180, 320)
    woven = make("i.mpg", *FILM, "-c:v", "mpeg2video", "-flags", "+ildct+ilme")
    assert picture(measure(str(woven))).interlaced
    wide = make("wide.mp4", *FILM, *X264, "-vf", "setsar=16/11")
    assert picture(measure(str(wide))).pixel_aspect == pytest.approx(16 / 11, abs=0.01)


def test_chapters_tags_languages_and_layouts_are_found(make: Any, root: DataRoot) -> None:
    words = root.path / "chapters.txt"
    words.write_text(
        ";FFMETADATA1\ntitle=A Song\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1\nSTART=1\nEND=2\ntitle=Two\n"
    )
    made = make(
        "rich.mkv", *FILM, "-f", "lavfi", "-i", "sine=d=2", "-i", str(words), "-map_metadata", "2",
        *X264, "-c:a", "ac3", "-ac", "6", "-metadata:s:a", "language=deu",
        "-metadata:s:a", "title=Surround",
    )  # fmt: skip
    facts = measure(str(made))
    assert [(mark.title, mark.start, mark.end) for mark in facts.marks] == [
        ("One", 0, 1),
        ("Two", 1, 2),
    ]
    sound = facts.audio[0]
    assert (sound.layout, sound.channels, sound.language) == ("5.1(side)", 6, "deu")
    assert (sound.title, facts.tags["title"], facts.start) == ("Surround", "A Song", 0)


async def test_one_process_probes_many_and_says_why_some_have_no_facts(
    media: Path, make: Any, put: Any, root: DataRoot, run: Any
) -> None:
    good = root.relative(make("copy.mp4", "-i", str(media / "whole.mp4"), "-c", "copy"))
    bad = put("bad.mp4", b"no film " * 99)
    result = await run(probe_many, ProbeMany(paths=(good, bad, "staging/none.mp4", good)))
    assert [file.path for file in result.files] == [good, bad, "staging/none.mp4", good]
    assert [file.facts is not None for file in result.files] == [True, False, False, True]
    assert result.files[2].reason == "The file is not there."
    assert result.files[1].reason
