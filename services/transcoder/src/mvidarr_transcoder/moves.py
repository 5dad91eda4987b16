"""Moving several files by rename so that it is done wholly or not at all.

What will be moved stands in a journal in the delivery's folder before the first rename. A failure
or a cancel moves everything back; after a crash the next delivery finds the journal and goes on.
One process at a time chooses names, under a lock that the kernel frees when its owner dies.
"""

import asyncio
import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.jobs import Job

JOURNAL = "moves.json"
MARKERS = (".ignore", ".nomedia")
"""Files that keep media servers out of a folder; they do not keep an empty folder alive."""

_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Move:
    """One file's old and new path; with `over` it takes the place of the file that is there."""

    source: Path
    target: Path
    over: bool = False


Plan = Callable[[], Sequence[Move]]


async def carry(job: Job[Any], plan: Plan, leaving: Path | None = None) -> Sequence[Move]:
    """Do the moves that `plan` chooses, or those that an earlier delivery has begun; returns
    them. Folders below `leaving` that are empty afterwards go."""
    work = asyncio.ensure_future(
        asyncio.to_thread(_carry, job.root, job.staging, job.earlier(), plan, leaving)
    )
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        with suppress(Exception):
            await asyncio.to_thread(_undo, job.root, job.staging, await work)
        raise


def prune(folder: Path, top: Path) -> None:
    """Remove the folder and those around it, up to `top`, as far as they are empty."""
    while folder != top and folder.is_relative_to(top):
        with suppress(FileNotFoundError):
            names = {entry.name for entry in folder.iterdir()}
            if names - set(MARKERS):
                return
            for name in names:
                (folder / name).unlink()
            folder.rmdir()
        folder = folder.parent


@contextmanager
def alone(root: DataRoot) -> Iterator[None]:
    """Hold the lock on names; raises JobError when another holds it for too long."""
    root.path.mkdir(parents=True, exist_ok=True)
    with (root.path / ".moves.lock").open("ab") as lock:
        deadline = time.monotonic() + _PATIENCE
        while not _locked(lock.fileno()):
            if time.monotonic() > deadline:
                raise JobError("library_busy", "Others are moving files.", retry=True, after=5)
            time.sleep(0.02)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _carry(
    root: DataRoot, folder: Path, earlier: Sequence[Path], plan: Plan, leaving: Path | None
) -> Sequence[Move]:
    with alone(root):
        moves = _begun(root, [folder, *earlier]) or plan()
        _write_journal(root, folder, moves)
        try:
            _perform(moves)
        except BaseException:
            _reverse(root, folder, moves)
            raise
        if leaving is not None:
            for move in moves:
                prune(move.source.parent, leaving)
        return moves


def _begun(root: DataRoot, folders: Sequence[Path]) -> Sequence[Move] | None:
    """What an earlier delivery was about to do; None if there was none, or if it had done nothing
    and another has taken a name meanwhile."""
    for folder in folders:
        with suppress(FileNotFoundError):
            lines = json.loads((folder / JOURNAL).read_bytes())
            moves = [Move(root.at(line[0]), root.at(line[1]), *line[2:]) for line in lines]
            untouched = all(move.source.exists() for move in moves)
            return None if untouched else moves
    return None


def _write_journal(root: DataRoot, folder: Path, moves: Sequence[Move]) -> None:
    lines = [(root.relative(move.source), root.relative(move.target), move.over) for move in moves]
    draft = folder / f"{JOURNAL}.draft"
    draft.write_text(json.dumps(lines))
    _sync(draft)
    draft.rename(folder / JOURNAL)
    _sync(folder)


def _perform(moves: Sequence[Move]) -> None:
    for move in moves:
        if move.source.exists():
            _rename(move)
        elif not move.target.exists():
            raise JobError("file_missing", f"The file {move.source.name} has gone.")
    for folder in {folder for move in moves for folder in (move.target.parent, move.source.parent)}:
        _sync(folder)


def _rename(move: Move) -> None:
    if move.target.exists() and not move.over:
        raise JobError("name_taken", f"{move.target.name} is there already.", retry=True)
    move.target.parent.mkdir(parents=True, exist_ok=True)
    _sync(move.source)
    try:
        move.source.rename(move.target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        sentence = "Staging, library and trash must lie on one file system."
        raise JobError("not_one_file_system", sentence) from error


def _undo(root: DataRoot, folder: Path, moves: Sequence[Move]) -> None:
    with alone(root):
        _reverse(root, folder, moves)


def _reverse(root: DataRoot, folder: Path, moves: Sequence[Move]) -> None:
    """What was replaced does not come back: then the next delivery goes on."""
    if any(move.over and not move.source.exists() for move in moves):
        return
    for move in reversed(moves):
        if not move.over and move.target.exists() and not move.source.exists():
            move.source.parent.mkdir(parents=True, exist_ok=True)
            move.target.rename(move.source)
    for move in moves:
        for top in (root.library, root.trash):
            prune(move.target.parent, top)
    (folder / JOURNAL).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Let a file's or a folder's content survive a power loss."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
