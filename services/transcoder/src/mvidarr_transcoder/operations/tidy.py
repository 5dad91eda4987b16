"""Tidying: the staging folders of finished jobs go, unless somebody still works in one."""

import asyncio

from mvidarr_common import staging
from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.jobs import Job
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import Tidied, Tidy
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.sources import below


async def tidy(spec: Tidy, job: Job[Deps]) -> Tidied:
    """Removes what it may of all jobs, and only then says that some are still held."""
    removed, held = await asyncio.to_thread(_tidy, spec.jobs, job.root)
    if held:
        sentence = f"The staging folder of job {held[0]} is in use."
        raise JobError("still_held", sentence, retry=True, after=10)
    return Tidied(removed=removed)


def _tidy(jobs: tuple[JobId, ...], root: DataRoot) -> tuple[int, list[JobId]]:
    folders = {job: below(root, f"staging/{job}", root.path / "staging") for job in jobs}
    removed = sum(staging.tidy(root, job) for job in jobs)
    return removed, [job for job, folder in folders.items() if folder.exists()]
