"""A delivery's own folder below `staging/<job>/`, locked for as long as somebody works in it.

    <nonce>/.lock    flock'ed while the delivery lives; the kernel frees it when its process dies
    <nonce>/.told    what was told of it: the folder holds results that the log refers to

A folder with a free lock and without `.told` is a dead delivery's: its partial files may be taken
over. One with `.told` stays until the job is tidied away.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from .files import DataRoot
from .messages.ids import JobId

LOCK, TOLD = ".lock", ".told"


class Staging:
    """The folder of one delivery. It is made when somebody first asks for it."""

    def __init__(self, root: DataRoot, job: JobId, nonce: str) -> None:
        self._all = root.staging(job)
        self._own = self._all / nonce
        self._lock: IO[bytes] | None = None
        self._taken: dict[Path, IO[bytes]] = {}

    def folder(self) -> Path:
        """The folder, made and locked."""
        if self._lock is None:
            draft = self._own.with_name(f".{self._own.name}")
            while self._lock is None:
                _make(draft)
                self._lock = _locked(draft)
            draft.rename(self._own)
        return self._own

    def earlier(self) -> Sequence[Path]:
        """Folders of dead deliveries, newest first; nobody else gets them from now on."""
        for folder in _dead(self._all):
            if folder not in self._taken and (lock := _locked(folder)) is not None:
                self._taken[folder] = lock
        return sorted(self._taken, key=lambda folder: folder.stat().st_mtime, reverse=True)

    def told(self, cause: str) -> bytes | None:
        """What a delivery of the same message has told already, or was about to tell."""
        for place in self._all.glob(f"*/{TOLD}"):
            known, _, body = place.read_bytes().partition(b"\n")
            if known == cause.encode():
                return body
        return None

    def succeed(self, cause: str, body: bytes) -> None:
        """Keep the folder and what is going to be told of it; remove what dead ones left."""
        if self._lock is not None:
            draft = self._own / f"{TOLD}.draft"
            draft.write_bytes(cause.encode() + b"\n" + body)
            draft.rename(self._own / TOLD)
        self._release()
        _sweep_dead(self._all)

    def keep(self) -> None:
        """Leave partial files to whoever comes next."""
        self._release()

    def remove(self) -> None:
        """Leave nothing behind, and remove what dead deliveries left."""
        if self._lock is not None:
            shutil.rmtree(self._own, ignore_errors=True)
        self._release()
        _sweep_dead(self._all)

    def _release(self) -> None:
        for folder, lock in self._taken.items():
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()
        self._taken.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def tidy(root: DataRoot, job: JobId) -> int:
    """Remove all folders of a job that nobody holds, results too; how many there were."""
    jobs = root.staging(job)
    free = [folder for folder in (*_folders(jobs), *jobs.glob(".*")) if _remove_free(folder)]
    _remove_empty(jobs)
    return len(free)


def sweep_old(root: DataRoot, age: float) -> int:
    """Remove what dead deliveries of any job have left and nobody has touched for so many
    seconds; how many there were."""
    oldest, swept = time.time() - age, 0
    for jobs in _folders(root.path / "staging"):
        old = [folder for folder in _dead(jobs) if _touched(folder) < oldest]
        swept += sum(map(_remove_free, old))
        if old:
            _remove_empty(jobs)
    return swept


def _touched(folder: Path) -> float:
    """When anything in the folder was last written."""
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
    except OSError:
        return time.time()


def _sweep_dead(jobs: Path) -> None:
    for folder in _dead(jobs):
        _remove_free(folder)
    _remove_empty(jobs)


def _dead(jobs: Path) -> list[Path]:
    return [folder for folder in _folders(jobs) if not (folder / TOLD).exists()]


def _folders(jobs: Path) -> list[Path]:
    """Only whole ones: a name with a dot in front is being made, its lock comes first."""
    try:
        return [folder for folder in jobs.iterdir() if not folder.name.startswith(".")]
    except FileNotFoundError:
        return []


def _remove_free(folder: Path) -> bool:
    lock = _locked(folder)
    if lock is None:
        return False
    with lock:
        shutil.rmtree(folder, ignore_errors=True)
    return True


def _make(folder: Path) -> None:
    """Again where somebody just removed the empty folder around it."""
    for _ in range(10):
        with suppress(FileNotFoundError):
            folder.mkdir(parents=True, exist_ok=True)
            return
    folder.mkdir(parents=True)


def _remove_empty(jobs: Path) -> None:
    with suppress(OSError):
        jobs.rmdir()


def _locked(folder: Path) -> IO[bytes] | None:
    """The lock of a folder; None while somebody has it, or when the folder has gone."""
    try:
        lock = (folder / LOCK).open("ab")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    if not _is_still(lock, folder):
        lock.close()
        return None
    return lock


def _is_still(lock: IO[bytes], folder: Path) -> bool:
    """Another may have removed the folder between our opening the lock and getting it."""
    try:
        return os.fstat(lock.fileno()).st_ino == (folder / LOCK).stat().st_ino
    except FileNotFoundError:
        return False
