"""What an interrupted download has left, and how the next attempt takes it over."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .fragments import mend

NAME = "source"
"""Every file of a download begins with it; the title of a video never becomes a file name here."""

_MARK = "download.json"
_UNFINISHED = (".part", ".ytdl")


@dataclass(frozen=True, slots=True)
class Mark:
    """What the files in a folder are part of; `sizes` are whole sizes by file name, `validators`
    and `digests` what the site said of the files, by format."""

    url: str
    extractor: str
    source_id: str
    format: str
    sizes: dict[str, int] = field(default_factory=dict)
    validators: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def same_as(self, other: "Mark") -> bool:
        """Whether the bytes of the one can be continued for the other."""
        mine = self.url, self.extractor, self.source_id, self.format
        return mine == (other.url, other.extractor, other.source_id, other.format)


def take(earlier: Iterable[Path], into: Path, mark: Mark) -> Mark:
    """Move files of the newest matching attempt over by rename; gives the mark to go on with."""
    for folder in earlier:
        found = read(folder)
        if found is not None and found.same_as(mark):
            write(into, found)
            for path in _files(folder):
                path.rename(into / path.name)
            mend(into)
            return found
    write(into, mark)
    return mark


def read(folder: Path) -> Mark | None:
    """The mark of a folder; None if there is none that can be read."""
    try:
        return Mark(**json.loads((folder / _MARK).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write(folder: Path, mark: Mark) -> None:
    """Replace the mark of a folder."""
    draft = folder / f".{_MARK}"
    draft.write_text(json.dumps(asdict(mark)))
    draft.replace(folder / _MARK)


def held(folder: Path) -> dict[str, int]:
    """The bytes that each file already has, by its final name."""
    sizes = {_final(path.name): path.stat().st_size for path in _files(folder)}
    return {name: size for name, size in sizes.items() if not name.endswith(_UNFINISHED)}


def discard(folder: Path) -> None:
    """Begin anew."""
    for path in _files(folder):
        path.unlink()


def seal(folder: Path, path: Path) -> None:
    """The file is whole: the mark goes, and what is written is on the disk."""
    (folder / _MARK).unlink(missing_ok=True)
    for name, flags in ((path, os.O_RDONLY), (folder, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(name, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{NAME}.*"))


def _final(name: str) -> str:
    return name.removesuffix(".part")
