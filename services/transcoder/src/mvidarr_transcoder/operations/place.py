"""Placing: a video's files, pictures and `.nfo` go into the library, by rename, all or none.

`embedding` writes the tags into the files, `shelving` chooses the names, `moves` does the renames:
films first, so that no media server ever meets a sidecar without its film.
"""

import asyncio

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Place, Placed
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.embedding import embedded
from mvidarr_transcoder.moves import carry
from mvidarr_transcoder.nfo import nfo
from mvidarr_transcoder.shelving import hide_renditions, placed, plan


async def place(spec: Place, job: Job[Deps]) -> Placed:
    """Put it where media servers read it. Delivered again, it goes on where it was."""
    description = job.staging / "video.nfo"
    await asyncio.to_thread(description.write_bytes, nfo(spec))
    spec = spec.model_copy(update={"files": await embedded(spec, job)})
    moves = await carry(job, lambda: plan(job.root, job.deps.naming, spec, description))
    await asyncio.to_thread(hide_renditions, [move.target for move in moves])
    return placed(job.root, spec, moves)
