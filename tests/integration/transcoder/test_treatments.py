"""What a treatment promises is so in the file that was made."""

from pathlib import Path
from typing import Any

import av
import pytest

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import OwnRecipe, Transcode, Treatment
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.media import measure
from mvidarr_transcoder.operations import transcode

QUICK = OwnRecipe(
    name="quick", container="mp4", video="h264", audio="aac", speed="fast", width=640, height=640
)
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
SINE = ["-f", "lavfi", "-i", "sine=440:d=4"]


async def treated(run: Any, root: DataRoot, path: Path, recipe: Any = QUICK, **how: Any) -> Any:
    spec = Transcode(
        path=root.relative(path),
        recipe=recipe,
        facts=measure(str(path)),
        treatment=Treatment(**how),
    )
    return await run(transcode, spec)


async def test_black_borders_go(make: Any, root: DataRoot, run: Any) -> None:
    film = make("wide.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x120:r=25:d=3",
                "-vf", "pad=320:180:0:30:black", *X264, "-g", "10")  # fmt: skip
    made = await treated(run, root, film, crop=True)
    assert (made.facts.picture.width, made.facts.picture.height) == (320, 120)
    assert made.notes == ("cropped to 320x120",)


async def test_loudness_is_what_was_asked_for(
    make: Any, root: DataRoot, run: Any, deps: Deps, ffmpeg: str
) -> None:
    quiet = make("quiet.mp4", *SINE, "-f", "lavfi", "-i", "testsrc2=s=64x36:d=4", "-af",
                 "volume=-20dB", *X264)  # fmt: skip
    made = await treated(run, root, quiet, loudness=-16, true_peak=-2)
    was, now = made.notes
    assert float(was.split()[2]) < -25
    words = now.split()
    assert float(words[2]) == pytest.approx(-16, abs=1)
    assert float(words[-2]) < -1


async def test_a_high_range_becomes_an_ordinary_one(make: Any, root: DataRoot, run: Any) -> None:
    bright = make(
        "hdr.mkv", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=1", "-vf",
        "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:"
        "colorspace=bt2020nc", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
        "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
    )  # fmt: skip
    film = (await treated(run, root, bright)).facts.picture
    assert (film.hdr, film.bit_depth, film.transfer) == (None, 8, "bt709")


async def test_woven_fields_become_frames_at_most_so_many(
    make: Any, root: DataRoot, run: Any
) -> None:
    woven = make("i.mpg", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=50:d=2", "-c:v", "mpeg2video",
                 "-flags", "+ildct+ilme")  # fmt: skip
    film = (await treated(run, root, woven, most_fps=25)).facts.picture
    assert (film.interlaced, film.fps) == (False, 25)


async def test_what_fits_is_copied_bit_by_bit(
    media: Path, make: Any, root: DataRoot, run: Any
) -> None:
    film = make("fits.mkv", "-i", str(media / "whole.mp4"), "-c", "copy")
    made = await treated(run, root, film, "high_quality", copy_fitting=True)
    assert made.notes == ("copied video", "copied audio")
    assert made.facts.container == "mp4"


async def test_words_are_drawn_into_the_picture(make: Any, root: DataRoot, run: Any) -> None:
    words = root.path / "words.srt"
    words.write_text("1\n00:00:00,000 --> 00:00:02,000\nLA LA LA\n")
    film = make("it's [a], b: c.mkv", "-f", "lavfi", "-i", "color=black:s=320x180:d=1", "-i",
                str(words), *X264, "-c:s", "srt")  # fmt: skip
    made = await treated(run, root, film, subtitles="burn")
    assert made.facts.subtitles == ()
    with av.open(str(root.at(made.path))) as opened:
        frame = next(opened.decode(video=0))
        assert max(bytes(frame.reformat(format="gray").planes[0])) > 150


async def test_without_hardware_software_does_it(
    media: Path, make: Any, root: DataRoot, run: Any
) -> None:
    film = make("a.mp4", "-i", str(media / "whole.mp4"), "-c", "copy", "-t", "1")
    made = await treated(run, root, film, hardware=True)
    assert made.facts.picture.codec == "h264"
