"""Sidecars: a film's `.nfo`, lyrics and pictures, written anew beside it."""

import asyncio
import re
import shutil
from pathlib import Path

from mvidarr_common.files import DataRoot
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Sidecars, SidecarsWritten
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.nfo import nfo
from mvidarr_transcoder.shelving import beside, hide_renditions
from mvidarr_transcoder.sources import below, existing

_TIMED = re.compile(r"^\[\d+:\d\d", re.M)
"""Lyrics whose lines know when they are sung; players take those without times from a text file."""


async def sidecars(spec: Sidecars, job: Job[Deps]) -> SidecarsWritten:
    """Each is written under another name and renamed: nobody ever reads half of one."""
    below(job.root, spec.path, job.root.library)
    film = existing(job.root, spec.path)
    return SidecarsWritten(written=await asyncio.to_thread(_write, spec, job.root, film))


def _write(spec: Sidecars, root: DataRoot, film: Path) -> tuple[str, ...]:
    written = [_put(film.with_name(f"{film.stem}.nfo"), nfo(spec.place))]
    if spec.lyrics is not None:
        suffix = ".lrc" if _TIMED.search(spec.lyrics) else ".txt"
        written.append(_put(film.with_name(f"{film.stem}{suffix}"), spec.lyrics.encode()))
    for art in spec.artwork:
        source = below(root, art.path, root.path / "staging")
        target = film.parent / beside(film.stem, art)
        written.append(_copied(source, target))
    hide_renditions(written)
    return tuple(root.relative(path) for path in written)


def _put(path: Path, content: bytes) -> Path:
    draft = _draft(path)
    draft.write_bytes(content)
    return draft.rename(path)


def _copied(source: Path, path: Path) -> Path:
    """It stays in staging, too: another delivery may want it again."""
    return Path(shutil.copyfile(source, _draft(path))).rename(path)


def _draft(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.tmp")
