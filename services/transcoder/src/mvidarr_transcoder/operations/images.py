"""Images: looked at, and made anew in other sizes and forms; several at once, each in a child."""

import asyncio
from pathlib import Path

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import ImageDone, Images, ImagesDone
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.media import work_on
from mvidarr_transcoder.sources import existing
from mvidarr_transcoder.stall import ending_when_stalled

AT_ONCE = 4


async def images(spec: Images, job: Job[Deps]) -> ImagesDone:
    """In the order of the sources; a source's pictures lie in a folder of its number."""
    pool, done = asyncio.Semaphore(AT_ONCE), 0

    async def one(number: int, source: str) -> ImageDone:
        nonlocal done
        async with pool:
            result = await _one(spec, job, number, source)
        done += 1
        job.progress("images", done=done, total=len(spec.sources), unit="images")
        return result

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one(n, source)) for n, source in enumerate(spec.sources)]
    return ImagesDone(images=tuple(task.result() for task in running))


async def _one(spec: Images, job: Job[Deps], number: int, source: str) -> ImageDone:
    try:
        path = existing(job.root, source)
        folder = job.staging / str(number)
        folder.mkdir()
        async with ending_when_stalled(job.deps):
            found = await job.call(work_on, str(path), source, str(folder), spec.wishes)
    except JobError as error:
        return ImageDone(source=source, reason=error.message)
    made = tuple(job.root.relative(Path(each)) for each in found.made)
    return found.model_copy(update={"made": made})
