"""Every recipe makes a file that plays; what fails or is cancelled leaves nothing behind."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import JobProgressed, PlaceFile, Transcode, Verify
from mvidarr_transcoder.encodings import RECIPES
from mvidarr_transcoder.media import measure
from mvidarr_transcoder.operations import transcode, verify

CODECS = {
    "web_optimized": ("h264", "aac"),
    "high_quality": ("h264", "aac"),
    "mobile_optimized": ("h264", "aac"),
    "ultra_compress": ("hevc", "aac"),
    "webm_web": ("vp9", "opus"),
    "audio_only": (None, "mp3"),
    "hevc": ("hevc", "aac"),
    "av1": ("av1", "opus"),
}


def files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def transcoded(run: Any, path: Path, root: DataRoot, recipe: str, **how: Any) -> Any:
    spec = Transcode.model_validate(
        {"path": root.relative(path), "recipe": recipe, "facts": measure(str(path))}
    )
    return await run(transcode, spec, **how)


@pytest.mark.parametrize("recipe", RECIPES)
async def test_every_recipe_makes_a_whole_file(
    recipe: str, staged: Callable[..., PlaceFile], root: DataRoot, run: Any
) -> None:
    told: list[JobProgressed] = []
    source = root.at(staged("short.webm").path)
    result = await transcoded(run, source, root, recipe, told=told.append)
    picture, sound = CODECS[recipe]
    assert [stream.codec for stream in result.facts.audio] == [sound]
    assert (result.facts.picture.codec if result.facts.picture else None) == picture
    assert result.facts.duration == pytest.approx(2, abs=0.2)
    assert root.at(result.path).stat().st_size == result.facts.size
    assert "transcode" in {word.stage for word in told}
    if picture:
        whole = await run(verify, Verify(path=result.path), job_id="again")
        assert whole.sha256 == result.sha256


async def test_odd_sizes_become_even_and_large_ones_fit_the_box(
    make: Any, root: DataRoot, run: Any
) -> None:
    source = make(
        "tall.mkv", "-f", "lavfi", "-i", "testsrc=s=1081x1921:r=2:d=1", "-pix_fmt", "yuv444p"
    )
    result = await transcoded(run, source, root, "mobile_optimized")
    assert (result.facts.picture.width, result.facts.picture.height) == (720, 1278)
    assert result.facts.picture.pixel_format == "yuv420p"


async def test_a_film_from_a_phone_keeps_its_upright_shape(
    media: Path, make: Any, root: DataRoot, run: Any
) -> None:
    source = make(
        "phone.mp4", "-display_rotation", "90", "-i", str(media / "whole.mp4"), "-c", "copy"
    )
    result = await transcoded(run, source, root, "mobile_optimized")
    assert (result.facts.picture.width, result.facts.picture.height) == (180, 320)


async def test_cover_art_is_left_out_and_subtitles_and_chapters_stay(
    media: Path, make: Any, root: DataRoot, run: Any
) -> None:
    words = root.path / "words.srt"
    words.write_text("1\n00:00:01,000 --> 00:00:02,000\nla la la\n")
    chapters = root.path / "chapters.txt"
    chapters.write_text(
        ";FFMETADATA1\ntitle=A Song\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=3\ntitle=One\n"
    )
    source = make(
        "rich.mp4", "-i", str(media / "whole.mp4"), "-i", str(words), "-i", str(chapters),
        "-f", "lavfi", "-i", "color=red:s=64x64:d=0.04", "-map", "3:v", "-map", "0", "-map", "1",
        "-c", "copy", "-c:v:0", "mjpeg", "-c:s", "mov_text", "-disposition:v:0", "attached_pic",
        "-metadata:s:s:0", "language=eng", "-map_metadata", "2", "-map_chapters", "2", "-t", "3",
    )  # fmt: skip
    for recipe, codec in (("web_optimized", "mov_text"), ("webm_web", "webvtt")):
        result = await transcoded(run, source, root, recipe, job_id=recipe)
        assert [stream.width for stream in result.facts.video] == [320]
        assert result.facts.subtitles == (f"{codec}:eng",)
        assert result.facts.chapters == 1
        assert result.facts.tags["title"] == "A Song"


async def test_a_silent_film_makes_no_sound_file(make: Any, root: DataRoot, run: Any) -> None:
    source = make("mute.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:d=2")
    with pytest.raises(JobError) as caught:
        await transcoded(run, source, root, "audio_only")
    assert caught.value.code == "no_audio"
    assert (await transcoded(run, source, root, "web_optimized", job_id="film")).facts.audio == ()


async def test_a_source_that_breaks_off_makes_no_rendition(
    media: Path, staged: Callable[..., PlaceFile], root: DataRoot, run: Any
) -> None:
    source = root.at(staged().path)
    facts = measure(str(source))
    content = source.read_bytes()
    source.write_bytes(content[: len(content) // 2])
    spec = Transcode(path=root.relative(source), recipe="web_optimized", facts=facts)
    with pytest.raises(JobError) as caught:
        await run(transcode, spec)
    assert (caught.value.code, caught.value.retry) == ("transcode_failed", False)
    assert files_of(root.path / "staging") == ["whole.mp4"]


async def test_cancelling_ends_ffmpeg_and_leaves_nothing(
    make: Any, root: DataRoot, run: Any
) -> None:
    source = make("long.mkv", "-f", "lavfi", "-i", "testsrc2=s=640x360:d=12", "-c:v", "mpeg4")
    spec = Transcode(path=root.relative(source), recipe="high_quality", facts=measure(str(source)))
    encoding = asyncio.Event()
    job = asyncio.ensure_future(run(transcode, spec, told=lambda _: encoding.set()))
    await asyncio.wait_for(encoding.wait(), 60)
    running = [child for child in psutil.Process().children(recursive=True) if _encodes(child)]
    assert running
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert psutil.wait_procs(running, timeout=10)[1] == []
    assert files_of(root.path / "staging") == ["long.mkv"]


def _encodes(process: psutil.Process) -> bool:
    return any("high_quality" in part for part in process.cmdline())
