"""Trashing: files leave the library with their sidecars, and can come back."""

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Trash, Trashed
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.moves import carry
from mvidarr_transcoder.trashing import moved, to_trash


async def trash(spec: Trash, job: Job[Deps]) -> Trashed:
    """A file that somebody has removed by hand counts as trashed: nothing is left to do."""
    root = job.root
    moves = await carry(job, lambda: to_trash(root, spec.files), leaving=root.library)
    return Trashed(moved=moved(root, spec.files, moves))
