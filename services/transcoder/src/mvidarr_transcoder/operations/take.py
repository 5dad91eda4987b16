"""Taking: a file that somebody has put below `import/` becomes one of ours; it stays there, too."""

import asyncio
import os
import shutil
from pathlib import Path

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Take, Taken
from mvidarr_common.messages.library import Description
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.media import sha256_of
from mvidarr_transcoder.sources import below, existing, extension

FOLDER = "import"


async def take(spec: Take, job: Job[Deps]) -> Taken:
    """Raises JobError when it is not there, Invalid when it lies elsewhere."""
    source = below(job.root, spec.path, job.root.path / FOLDER)
    existing(job.root, spec.path)
    target = job.staging / f"taken{extension(spec.path, 'mkv')}"
    await asyncio.to_thread(_link_or_copy, source, target)
    digest = await job.ask(sha256_of, str(target))
    size = (await asyncio.to_thread(target.stat)).st_size
    path = job.root.relative(target)
    return Taken(path=path, size=size, sha256=digest, found=named(source.stem))


def named(stem: str) -> Description:
    """What a name such as "Artist - Title" says."""
    artist, dash, title = stem.partition(" - ")
    names = (artist.strip(), title.strip()) if dash else ("", stem.strip())
    return Description(artist=names[0][:300] or None, title=names[1][:300] or None)


def _link_or_copy(source: Path, target: Path) -> None:
    """Another file system has no link to it. A link of a link would lead out of the data root."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target)
