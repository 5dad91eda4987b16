"""Purging: files in the trash are deleted for good. Nothing outside of it can be."""

import asyncio

from mvidarr_common.files import DataRoot
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Purge, Purged
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.moves import alone, prune
from mvidarr_transcoder.sources import below


async def purge(spec: Purge, job: Job[Deps]) -> Purged:
    """How many files were there to delete; all paths are checked before the first one goes."""
    return Purged(removed=await asyncio.to_thread(_purge, spec, job.root))


def _purge(spec: Purge, root: DataRoot) -> int:
    named = [path for file in spec.files for path in (file.path, *file.sidecars)]
    paths = [below(root, path, root.trash) for path in named]
    removed = 0
    with alone(root):
        for path in paths:
            removed += path.is_file()
            path.unlink(missing_ok=True)
            prune(path.parent, root.trash)
    return removed
