"""Cut, joined and shown on real media."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import Concat, ExtractAudio, Hls, Preview, Trim, Verify, Waveform
from mvidarr_transcoder.media import measure
from mvidarr_transcoder.operations import (
    concat,
    extract_audio,
    hls,
    preview,
    trim,
    verify,
    waveform,
)

ONE_FILE = ["master.m3u8", "v0/film.m4s", "v0/index.m3u8", "v1/film.m4s", "v1/index.m3u8"]


@pytest.fixture
def film(media: Path, make: Any, root: DataRoot) -> dict[str, Any]:
    """A whole film of six seconds, as specs name it."""
    path = make("film.mp4", "-i", str(media / "whole.mp4"), "-c", "copy", "-metadata", "title=Song")
    return {"path": root.relative(path), "facts": measure(str(path))}


async def test_a_cut_is_as_long_as_it_should_and_whole(film: Any, run: Any) -> None:
    exact = await run(trim, Trim(**film, start=1.5, end=4, exact=True))
    assert exact.facts.duration == pytest.approx(2.5, abs=0.1)
    assert (await run(verify, Verify(path=exact.path), job_id="v")).verdict == "whole"
    loose = await run(trim, Trim(**film, start=0, end=3), job_id="loose")
    assert loose.facts.picture.codec == "h264"
    with pytest.raises(JobError, match="ends at"):
        await run(trim, Trim(**film, start=60, end=70), job_id="beyond")


async def test_alike_films_are_joined_as_they_are_and_others_anew(
    film: Any, media: Path, root: DataRoot, put: Any, run: Any
) -> None:
    path = film["path"]
    same = await run(concat, Concat(paths=(path, path)))
    assert (same.encoded, same.facts.duration) == (False, pytest.approx(12, abs=0.2))
    other = put("other.webm", (media / "whole.webm").read_bytes())
    mixed = await run(concat, Concat(paths=(path, other)), job_id="mixed")
    assert (mixed.encoded, mixed.facts.duration) == (True, pytest.approx(12, abs=0.3))


async def test_a_playlist_among_the_parts_reads_no_other_file(
    film: Any, put: Any, run: Any
) -> None:
    evil = put("evil.mp4", b"#EXTM3U\n#EXTINF:6,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
    with pytest.raises(JobError) as caught:
        await run(concat, Concat(paths=(film["path"], evil)))
    assert caught.value.code == "damaged_corrupt"


async def test_the_sound_alone_keeps_its_tags(film: Any, run: Any) -> None:
    for form, codec in (("copy", "aac"), ("mp3", "mp3"), ("flac", "flac")):
        made = await run(
            extract_audio, ExtractAudio.model_validate(film | {"form": form}), job_id=form
        )
        assert (made.facts.video, made.facts.audio[0].codec) == ((), codec)
        assert made.facts.tags["title"] == "Song"


async def test_a_waveform_is_a_picture_and_numbers(film: Any, root: DataRoot, run: Any) -> None:
    made = await run(waveform, Waveform(**film, width=400, height=100, points=50))
    with Image.open(root.at(made.picture)) as image:
        assert image.size == (400, 100)
    peaks = json.loads(root.at(made.peaks).read_text())
    assert len(peaks) == 50
    assert all(0.05 < peak <= 1 for peak in peaks[1:-1])


async def test_previews_move(film: Any, root: DataRoot, run: Any) -> None:
    for form in ("gif", "webp"):
        made = await run(
            preview,
            Preview.model_validate(film | {"form": form, "start": 1, "seconds": 1, "width": 160}),
            job_id=form,
        )
        with Image.open(root.at(made.path)) as image:
            assert image.width == 160
            assert getattr(image, "n_frames", 1) == 10


@pytest.mark.parametrize("one_file", [False, True])
async def test_a_stream_has_a_playlist_and_renditions_that_play(
    one_file: bool, make: Any, root: DataRoot, run: Any, ffmpeg: str
) -> None:
    path = make("big.mp4", "-f", "lavfi", "-i", "testsrc2=s=854x480:r=5:d=5", "-f", "lavfi", "-i",
                "sine=d=5", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")  # fmt: skip
    spec = Hls(path=root.relative(path), facts=measure(str(path)), heights=(240, 480), seconds=2)
    spec = spec.model_copy(update={"one_file": one_file})
    made = await run(hls, spec)
    master = root.at(made.master)
    text = master.read_text()
    assert made.heights == (240, 480)
    assert text.count("#EXT-X-STREAM-INF") == 2
    assert "RESOLUTION=426x240" in text
    for name in ("v0", "v1"):
        playlist = (master.parent / name / "index.m3u8").read_text()
        assert playlist.count("#EXTINF") == 3
        assert "#EXT-X-MAP" in playlist
        assert playlist.rstrip().endswith("#EXT-X-ENDLIST")
    line = [ffmpeg, "-v", "error", "-i", str(master), "-map", "0:v", "-f", "framehash", "-"]
    played = await asyncio.to_thread(
        subprocess.run, line, check=True, capture_output=True, text=True
    )
    frames = [each for each in played.stdout.splitlines() if not each.startswith("#")]
    assert (len(frames), played.stderr) == (50, "")
    inside = sorted(str(file.relative_to(master.parent)) for file in map(root.at, made.files))
    assert inside == (ONE_FILE if one_file else [])
