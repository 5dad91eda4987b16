"""The data root: writable, roomy, and one file system with hard links."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from mvidarr_common.cli.words import size
from mvidarr_common.settings import Settings

from .finding import Finding

ABOUT = "data root"
SCARCE = 5 * 10**9
PLACES = ("staging", "library", "trash")


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Leaves nothing behind. A root that is yet to be made is judged by where it will lie."""
    wanted = settings.data_root.absolute()
    root = next(each for each in (wanted, *wanted.parents) if each.exists())
    try:
        found = tuple(_look(root))
    except OSError as error:
        user = f"user {os.getuid()}, group {os.getgid()}"
        yield Finding(ABOUT, "wrong", f"{user} cannot work in {root}: {error.strerror}.")
        return
    for finding in found:
        yield finding


def _look(root: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(root).free
    yield Finding(ABOUT, "well" if free > SCARCE else "note", f"{size(free)} are free in {root}.")
    devices = {(root / name).stat().st_dev for name in PLACES if (root / name).exists()}
    if devices | {root.stat().st_dev} == {root.stat().st_dev}:
        yield Finding(ABOUT, "well", "It is one file system: a move is a rename.")
    else:
        yield Finding(ABOUT, "wrong", f"{', '.join(PLACES)} must be on one file system.")
    yield _links(root)


def _links(root: Path) -> Finding:
    with tempfile.TemporaryDirectory(prefix=".doctor-", dir=root) as folder:
        one, other = Path(folder) / "one", Path(folder) / "other"
        one.write_text("x")
        try:
            other.hardlink_to(one)
        except OSError:
            return Finding(ABOUT, "note", "It has no hard links: what they would share is copied.")
    return Finding(ABOUT, "well", "It is writable, with hard links.")
