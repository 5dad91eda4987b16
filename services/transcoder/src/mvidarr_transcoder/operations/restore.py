"""Restoring: files come back from the trash to where they were."""

import asyncio

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Restore, Restored
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.moves import carry
from mvidarr_transcoder.shelving import hide_renditions
from mvidarr_transcoder.trashing import from_trash, moved


async def restore(spec: Restore, job: Job[Deps]) -> Restored:
    """A name that another has taken meanwhile gets a number."""
    root = job.root
    moves = await carry(job, lambda: from_trash(root, spec.files), leaving=root.trash)
    await asyncio.to_thread(hide_renditions, [move.target for move in moves])
    return Restored(moved=moved(root, spec.files, moves))
