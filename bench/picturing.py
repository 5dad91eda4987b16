"""Pictures of a film, as a thumbnails job takes them in one pass (tiles, a contact sheet, posters),
against one FFmpeg for each picture, which seeks to the key frame before the same moment."""

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from pathlib import Path

from mvidarr_common.demo.samples import encode
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import Thumbnails
from mvidarr_common.processes import open_children
from mvidarr_common.testing.worker import run_job
from mvidarr_transcoder.deps import deps_from
from mvidarr_transcoder.media import measure as measured
from mvidarr_transcoder.operations import thumbnails
from mvidarr_transcoder.service import service
from mvidarr_transcoder.settings import TranscoderSettings

from .ground import Ground
from .measure import RUNS, Figure, Series, timed

SECONDS, SAMPLES = 120, 16
_CODECS = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "120",
           "-c:a", "aac")  # fmt: skip


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """Two minutes in 640×360 with a key frame every five seconds."""
    deps, root = deps_from(TranscoderSettings()), DataRoot(ground.folder("picturing"))
    film = root.path / "staging" / "film.mp4"
    film.parent.mkdir(parents=True)
    encode(deps.ffmpeg, film, SECONDS, "testsrc2=size=640x360:rate=24", (220, 277), _CODECS)
    facts = measured(str(film))
    spec = Thumbnails(path=root.relative(film), facts=facts, contact_sheet=True)
    moments = [*range(0, SECONDS, 10), *(SECONDS * (n + 0.5) / SAMPLES for n in range(SAMPLES))]
    ours, peers = [], []
    async with open_children(service.preload) as children:
        await children.warm()
        for run in range(RUNS):
            work = run_job(thumbnails, spec, deps, root, job_id=f"job-{run}", children=children)
            ours.append(len(moments) / await timed(work))
            peers.append(len(moments) / await timed(_one_by_one(deps.ffmpeg, film, moments)))
    yield Figure(
        "pictures of a film", f"{len(moments)} of {SECONDS} s", "/s", Series("", tuple(ours)),
        (Series("an FFmpeg for each", tuple(peers)),),
    )  # fmt: skip


async def _one_by_one(ffmpeg: str, film: Path, moments: list[float]) -> None:
    for at in moments:
        process = await asyncio.create_subprocess_exec(
            ffmpeg, "-v", "error", "-nostdin", "-y", "-noaccurate_seek", "-ss", f"{at:g}",
            "-i", film, "-frames:v", "1",
            "-vf", "scale=320:-2", "-q:v", "3", film.with_name("picture.jpg"),
            stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL,
        )  # fmt: skip
        await process.wait()
