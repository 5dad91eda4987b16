"""Quality and likeness of real media."""

from pathlib import Path
from typing import Any

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import Fingerprint, IsBetter, JobProgressed, Match, Quality
from mvidarr_transcoder.media import measure
from mvidarr_transcoder.operations import fingerprint, is_better, match, quality

FILM = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=10:d=3"]
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
MUSIC = ["-f", "lavfi", "-i",
         "aevalsrc='0.3*sin(2*PI*t*(220+110*floor(mod(t*2,7))))+0.2*sin(2*PI*t*(330+55*floor("
         "mod(t*3,5))))':d=24"]  # fmt: skip
SCENES = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=24"]


def told(path: Path, root: DataRoot) -> dict[str, Any]:
    return {"path": root.relative(path), "facts": measure(str(path))}


def rises(words: list[JobProgressed]) -> None:
    """Several passes are one way from nothing to all."""
    told = [word.fraction for word in words if word.fraction is not None]
    assert len({word.stage for word in words}) > 1
    assert told == sorted(told)
    assert told[0] < 0.5 < 0.9 < told[-1] <= 1


async def test_a_worse_copy_is_worse_and_less_like_the_original(
    make: Any, root: DataRoot, run: Any
) -> None:
    good = make("good.mp4", *FILM, "-f", "lavfi", "-i", "anoisesrc=d=3:a=0.1", *X264, "-crf", "12")
    poor = make("poor.mp4", "-i", str(good), "-vf", "scale=160:90,scale=640:360", *X264, "-crf",
                "35", "-af", "lowpass=f=2000", "-b:a", "48k")  # fmt: skip
    spec = Quality(**told(poor, root), reference=root.relative(good))
    words: list[JobProgressed] = []
    found = await run(quality, spec, told=words.append)
    rises(words)
    assert set(found.likeness) == {"vmaf", "ssim", "psnr"}
    assert found.likeness["vmaf"] < 80
    assert set(found.parts) == {"resolution", "bitrate", "sharpness", "blocks", "banding", "sound"}
    assert found.measured["loudness"] < 0
    asked = IsBetter(**told(good, root), than=root.relative(poor), than_facts=measure(str(poor)))
    words.clear()
    said = await run(is_better, asked, job_id="better", told=words.append)
    rises(words)
    assert said.verdict == "better"
    assert any(reason.startswith("bitrate is better") for reason in said.reasons)


async def test_the_same_film_in_another_form_is_the_same_video(
    make: Any, root: DataRoot, run: Any
) -> None:
    film = make("film.mp4", *SCENES, *MUSIC, *X264, "-c:a", "aac")
    small = make("small.webm", "-i", str(film), "-vf", "scale=96:54", "-c:v", "libvpx",
                 "-deadline", "realtime", "-c:a", "libopus", "-b:a", "48k")  # fmt: skip
    later = make("later.mp4", "-ss", "6", "-i", str(film), *X264, "-c:a", "aac")
    other = make("other.mp4", "-f", "lavfi", "-i", "gradients=s=160x90:r=10", "-f", "lavfi", "-i",
                 "anoisesrc=d=24:c=pink", "-t", "24", *X264)  # fmt: skip
    prints = {}
    for path in (film, small, later, other):
        taken = await run(fingerprint, Fingerprint(**told(path, root)), job_id=path.stem)
        prints[path.stem] = taken.print
    found = {
        name: await run(match, Match(first=prints["film"], second=second), job_id=f"m-{name}")
        for name, second in prints.items()
    }
    assert found["film"].verdict == "same_video"
    assert found["small"].verdict == "same_video"
    assert found["later"].verdict == "other_cut"
    assert abs(found["later"].offset + 6) < 0.6
    assert found["other"].verdict == "different"
