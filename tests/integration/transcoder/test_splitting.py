"""A film that is encoded in parts is the film that one process would have made."""

import json
import subprocess
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import (
    EncodePart,
    JoinParts,
    PartEncoded,
    PartsJoined,
    Transcode,
)
from mvidarr_common.messages.profiles import Recipe
from mvidarr_transcoder.media import measure, timing
from mvidarr_transcoder.operations import encode_part, join_parts, transcode
from mvidarr_transcoder.splitting import SYNC, difference

PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=128x72:r=30000/1001:d=4"]
SOUND = ["-f", "lavfi", "-i", "sine=440:d=4"]
LATE = ["-itsoffset", "0.3", *SOUND]
H264 = ["-c:v", "libx264", "-preset", "veryfast", "-g", "20", "-pix_fmt", "yuv420p"]
OPEN = ["-x264-params", "open-gop=1:bframes=3"]
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "25"]
FILMS = {
    "closed.mp4": [*PICTURE, *SOUND, *H264, "-c:a", "aac"],
    "open.mkv": [*PICTURE, *SOUND, *H264, *OPEN, "-c:a", "aac"],
    "late.mp4": [*PICTURE, *LATE, *H264, "-c:a", "aac"],
    "film.webm": [*PICTURE, *SOUND, *VP9, "-c:a", "libopus"],
    "silent.mp4": [*PICTURE, *H264],
}
LOSS, WORST_LOSS = 0.5, 1.5
"""How much less like the film the parts may be than the rendition of one process, in VMAF: all
pictures together, and the worst of them."""


async def split(run: Any, whole: Transcode, *ends: float) -> PartsJoined:
    """Encode it in parts that end about there, each as a worker of its own would."""
    parts, begin = [], 0.0
    for number, end in enumerate((*ends, None)):
        spec = EncodePart(whole=whole, begin=begin, end=end)
        parts.append(await run(encode_part, spec, job_id=f"part-{number}"))
        begin = end or 0.0
    sound = None
    if whole.facts.audio:
        sound = await run(encode_part, EncodePart(whole=whole, what="sound"), job_id="sound")
    joined: PartsJoined = await run(
        join_parts, JoinParts(whole=whole, pictures=tuple(parts), sound=sound), job_id="join"
    )
    return joined


def vmaf(ffmpeg: str, made: Path, film: Path) -> list[float]:
    """How like the film each picture is; they are as many, so the first is held to the first."""
    report = made.with_suffix(".json")
    alike = "settb=1/1000,setpts=N,scale=128:72:flags=bicubic,format=yuv420p"
    chains = f"[0:V:0]{alike}[a];[1:V:0]{alike}[b];[a][b]libvmaf=log_fmt=json:log_path={report}"
    inputs = ["-i", str(made), "-i", str(film)]
    subprocess.run(
        [ffmpeg, "-v", "fatal", *inputs, "-filter_complex", chains, "-f", "null", "-"], check=True
    )
    frames = json.loads(report.read_bytes())["frames"]
    return [frame["metrics"]["vmaf"] for frame in frames]


@pytest.mark.parametrize(
    ("name", "recipe"),
    [("closed.mp4", "hevc"), ("open.mkv", "web_optimized"), ("late.mp4", "web_optimized"),
     ("film.webm", "webm_web"), ("silent.mp4", "av1")],
)  # fmt: skip
async def test_parts_together_are_what_one_process_makes(
    name: str, recipe: Recipe, root: DataRoot, make: Any, run: Any, ffmpeg: str
) -> None:
    path = make(name, *FILMS[name])
    film = root.relative(path)
    whole = Transcode(path=film, recipe=recipe, facts=measure(str(path)))
    one = await run(transcode, whole, job_id="one")
    parts = await split(run, whole, 1.4, 2.6, 3.9)
    alone, together = timing(str(root.at(one.path))), timing(str(root.at(parts.path)))
    assert len(together.pictures) == len(alone.pictures)
    assert difference(alone, together) is None
    assert difference(timing(str(path)), together) is None
    assert parts.facts.picture is not None
    assert parts.facts.picture.codec == one.facts.picture.codec
    assert abs((parts.facts.duration or 0) - (one.facts.duration or 0)) < SYNC
    mine, theirs = (vmaf(ffmpeg, root.at(each.path), path) for each in (parts, one))
    assert fmean(mine) > fmean(theirs) - LOSS
    assert min(mine) > min(theirs) - WORST_LOSS
    assert parts.notes == ("encoded in 3 parts",)  # no key frame comes after 3.9 s


async def test_a_part_that_has_lost_pictures_is_found_out(
    root: DataRoot, make: Any, run: Any
) -> None:
    path = make("silent.mp4", *FILMS["silent.mp4"])
    film = root.relative(path)
    facts = measure(str(path)).model_copy(update={"duration": None})
    whole = Transcode(path=film, recipe="web_optimized", facts=facts)
    first = await run(encode_part, EncodePart(whole=whole, end=1.5), job_id="1")
    third = await run(encode_part, EncodePart(whole=whole, begin=3.0), job_id="3")
    lost = PartEncoded(path=None, begin=1.5, end=3.0)
    with pytest.raises(JobError, match="pictures were made of"):
        await run(join_parts, JoinParts(whole=whole, pictures=(first, lost, third)), job_id="join")
