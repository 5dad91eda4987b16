"""Scrubbing: files are read again, and those whose bytes have changed are named."""

from mvidarr_common.errors import JobError
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import FileToScrub, Scrub, Scrubbed, ScrubbedFile
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.media import sha256_of
from mvidarr_transcoder.sources import existing


async def scrub(spec: Scrub, job: Job[Deps]) -> Scrubbed:
    """One after the other: a disk reads best in a row."""
    found = []
    for number, file in enumerate(spec.files, 1):
        found.append(await _scrubbed(file, job))
        job.progress("scrub", done=number, total=len(spec.files), unit="files")
    return Scrubbed(files=tuple(found))


async def _scrubbed(file: FileToScrub, job: Job[Deps]) -> ScrubbedFile:
    try:
        path = existing(job.root, file.path)
    except JobError:
        return ScrubbedFile(path=file.path, state="missing")
    same = await job.call(sha256_of, str(path)) == file.sha256
    return ScrubbedFile(path=file.path, state="intact" if same else "changed")
