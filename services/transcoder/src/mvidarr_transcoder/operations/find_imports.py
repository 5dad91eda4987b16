"""Finding: what somebody has put below `import/`, for `take`."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import FindImports, Importable, ImportsFound
from mvidarr_transcoder.deps import Deps

from .take import FOLDER

MOST = 1000


async def find_imports(_: FindImports, job: Job[Deps]) -> ImportsFound:
    """Files alone, and none that is hidden or a link."""
    top = job.root.path / FOLDER
    found = await asyncio.to_thread(lambda: sorted(_files(top), key=lambda file: file.path))
    return ImportsFound(files=tuple(found[:MOST]), more=max(0, len(found) - MOST))


def _files(top: Path) -> Iterator[Importable]:
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield Importable(path=str(path.relative_to(top)), size=path.stat().st_size)
