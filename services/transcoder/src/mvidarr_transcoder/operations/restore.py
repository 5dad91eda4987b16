"""Restoring: files come back from the trash to where they were."""

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import FileToMove, Restore, Restored
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.moves import carry
from mvidarr_transcoder.trashing import from_trash, moved


async def restore(spec: Restore, job: Job[Deps]) -> Restored:
    """A name that another has taken meanwhile gets a number."""
    root = job.root
    moves = await carry(job, lambda: from_trash(root, spec.files), leaving=root.trash)

    def gone(file: FileToMove) -> str:
        raise JobError("file_missing", f"The file {file.path} is not in the trash any more.")

    return Restored(moved=moved(root, spec.files, moves, gone))
