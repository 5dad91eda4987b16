"""Thumbnails: a poster at a good frame in three sizes, and sheets of tiles for scrubbing."""

from pathlib import Path

import av

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Artwork, Thumbnails, ThumbnailsMade
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.media import Picture, Wish, take_pictures
from mvidarr_transcoder.sources import existing
from mvidarr_transcoder.stall import ending_when_stalled


async def thumbnails(spec: Thumbnails, job: Job[Deps]) -> ThumbnailsMade:
    """Pictures of a film; of a sound file there are none."""
    source = existing(job.root, spec.path)
    if spec.facts.picture is None:
        return ThumbnailsMade(artwork=())
    made = await _taken(job, source, spec)
    return ThumbnailsMade(
        artwork=tuple(
            Artwork(
                path=job.root.relative(Path(picture.path)),
                role=picture.role,
                width=picture.width,
                height=picture.height,
            )
            for picture in made
        )
    )


async def _taken(job: Job[Deps], source: Path, spec: Thumbnails) -> list[Picture]:
    duration = spec.facts.duration or 0.0
    wish = Wish(spec.candidates, spec.sizes, spec.formats, spec.contact_sheet, spec.webvtt)
    async with ending_when_stalled(job.deps) as alive:

        def told(at: float) -> None:
            alive()
            fraction = min(1.0, at / duration) if duration else None
            job.progress("thumbnails", fraction=fraction, done=at, total=duration, unit="s")

        try:
            return await job.call(
                take_pictures, str(source), str(job.staging), duration, wish, on_message=told
            )
        except (av.FFmpegError, LookupError) as error:
            message = "No picture could be taken of the film."
            raise JobError("damaged_corrupt", message, detail=str(error)) from error
