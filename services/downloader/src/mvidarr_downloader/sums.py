"""The sha256 of files, summed up while they come, so that none has to be read again for it."""

import hashlib
from pathlib import Path

from yt_dlp.networking.common import Response

_NAME = "mvidarr_sum"


class Sum:
    """Of what an answer has brought so far."""

    def __init__(self) -> None:
        self.bytes = 0
        self._sha256 = hashlib.sha256()

    def add(self, block: bytes) -> None:
        """The next of it."""
        self.bytes += len(block)
        self._sha256.update(block)

    def text(self) -> str:
        """In hexadecimal."""
        return self._sha256.hexdigest()


class Sums:
    """Of files that came whole, each in one answer."""

    def __init__(self) -> None:
        self._coming: dict[str, Sum] = {}
        self._known: dict[tuple[int, ...], str] = {}

    def begin(self, part: str, answer: Response) -> None:
        """What comes now of this part of a film is all of it, or the rest."""
        self._coming.pop(part, None)
        if answer.status == 200:
            self._coming[part] = answer.extensions[_NAME] = Sum()

    def end(self, part: str, path: Path) -> None:
        """It lies there."""
        came = self._coming.pop(part, None)
        if came is not None and came.bytes == path.stat().st_size:
            self._known[_file(path)] = came.text()

    def of(self, path: Path) -> str:
        """That of a file, which is read only if it did not come as it is."""
        if known := self._known.get(_file(path)):
            return known
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def sum_of(answer: Response) -> Sum | None:
    """What is to be told of each block that is read."""
    found: Sum | None = answer.extensions.get(_NAME)
    return found


def _file(path: Path) -> tuple[int, ...]:
    """A file that was not written to since, wherever it was moved."""
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
