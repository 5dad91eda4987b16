"""Encoders in hardware: which might be there, and whether one works is found out by a trial."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from mvidarr_common.jobs import Finished


@dataclass(frozen=True, slots=True)
class Hardware:
    """A way to encode in hardware: what comes before the input, how frames get there, and the
    option that stands for quality."""

    name: str
    before: tuple[str, ...] = ()
    upload: str = ""
    quality: str = "-qp"


FAMILIES = (
    Hardware("nvenc", quality="-cq"),
    Hardware("qsv", quality="-global_quality"),
    Hardware(
        "vaapi", ("-vaapi_device", "/dev/dri/renderD128"), upload="format=nv12,hwupload"
    ),
    Hardware("videotoolbox", quality="-q:v"),
)  # fmt: skip

Run = Callable[[list[str]], Awaitable[Finished]]
_found: dict[tuple[str, str], Hardware | None] = {}


async def working(run: Run, ffmpeg: str, codec: str) -> Hardware | None:
    """The first family that encodes a second of black here; remembered for this process."""
    key = (ffmpeg, codec)
    if key not in _found:
        _found[key] = await _tried(run, ffmpeg, codec)
    return _found[key]


async def _tried(run: Run, ffmpeg: str, codec: str) -> Hardware | None:
    for family in FAMILIES:
        if (await run(trial(ffmpeg, family, codec))).code == 0:
            return family
    return None


def trial(ffmpeg: str, family: Hardware, codec: str) -> list[str]:
    """The command that shows whether it works."""
    upload = ["-vf", family.upload] if family.upload else []
    return [
        ffmpeg, "-nostdin", "-v", "error", *family.before,
        "-f", "lavfi", "-i", "color=black:s=320x192:r=25:d=1",
        *upload, *video_arguments(family, codec, 30), "-f", "null", "-",
    ]  # fmt: skip


def video_arguments(family: Hardware, codec: str, quality: int) -> Sequence[str]:
    """What stands for the software encoder's arguments."""
    return ["-c:v", f"{codec}_{family.name}", family.quality, str(quality)]
