"""Room on the disk: taken before a download begins, given back as it grows, and watched.

What is to come is reserved on the file system itself, in a file beside the download: all workers
on the same disk see it, and when a worker dies it goes with the staging folder.
"""

import asyncio
import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mvidarr_common.files import DataRoot
from mvidarr_common.staging import sweep_old

from . import failures

SPARE = 64 * 1024**2
"""Bytes that stay free on the disk."""

_NAME = "room"
_DAY = 86400.0
_STEP = 8 * 1024**2
_UNABLE = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class Room:
    """Bytes of the disk held for one download."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._held = 0

    def take(self, size: int) -> None:
        """Reserve; raises the failure `disk_full`. Where the file system cannot reserve, it is
        only asked for what is free."""
        free = shutil.disk_usage(self._path.parent).free
        if size > free - SPARE:
            raise failures.DISK_FULL.error(f"{size} bytes to come, {free} free")
        with self._path.open("wb") as file:
            self._held = size if size and _allocated(file.fileno(), size) else 0
        if not self._held:
            self._path.unlink()

    def need(self, left: int) -> None:
        """Give back what is no longer to come, some megabytes at a time."""
        if self._held and self._held - left >= _STEP:
            self._held = max(left, 0)
            os.truncate(self._path, self._held)

    def give_back(self) -> None:
        """All of it."""
        self._held = 0
        self._path.unlink(missing_ok=True)


@contextmanager
def reserved(folder: Path, earlier: Iterable[Path], size: int) -> Iterator[Room]:
    """Room for so many bytes within the block; what killed attempts still held is given back."""
    for each in (folder, *earlier):
        Room(each).give_back()
    room = Room(folder)
    try:
        room.take(size)
        yield room
    finally:
        room.give_back()


def lack_of_room(folder: Path) -> str | None:
    """What health says of the disk."""
    with suppress(OSError):
        free = shutil.disk_usage(folder).free
        if free < SPARE:
            return f"There are only {free // 1024**2} MiB left on the disk."
    return None


async def sweep_for_ever(root: DataRoot, days: float) -> None:
    """Remove what dead jobs have left, now and several times a day."""
    while True:
        await asyncio.to_thread(sweep_old, root, days * _DAY)
        await asyncio.sleep(_DAY / 4)


def _allocated(descriptor: int, size: int) -> bool:
    """By the system call and not by the C library, which would write zeros where it cannot."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    call = getattr(libc, "fallocate64", libc.fallocate)
    if call(descriptor, 0, ctypes.c_int64(0), ctypes.c_int64(size)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNABLE:
        return False
    raise failures.DISK_FULL.error(os.strerror(number))
