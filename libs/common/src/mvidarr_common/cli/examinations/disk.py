"""The data root: writable, roomy, and one file system with hard links."""

import errno
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from mvidarr_common.cli.words import size
from mvidarr_common.settings import Settings

from .finding import Finding

ABOUT = "data root"
FULL, SCARCE = 10**9, 5 * 10**9
PLACES = ("staging", "library", "trash")


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Leaves nothing behind. A root that is yet to be made is judged by where it will lie."""
    wanted = settings.data_root.absolute()
    root = next(each for each in (wanted, *wanted.parents) if each.exists())
    try:
        found = tuple(_look(root))
    except OSError as error:
        user = f"user {os.getuid()}, group {os.getgid()}"
        sentence = f"{user} cannot work in {error.filename or root}: {error.strerror}."
        yield Finding(ABOUT, "wrong", sentence)
        return
    for finding in found:
        yield finding


def _look(root: Path) -> Iterator[Finding]:
    yield room(shutil.disk_usage(root).free, root)
    with ExitStack() as stack:
        folders = [root / name if (root / name).exists() else root for name in PLACES]
        made = [TemporaryDirectory(prefix=".doctor-", dir=folder) for folder in folders]
        staged, kept, thrown = (Path(stack.enter_context(each)) / "file" for each in made)
        staged.write_text("x")
        linked = _error(lambda: kept.hardlink_to(staged))
        yield together(linked, _error(lambda: staged.rename(thrown)))


def room(free: int, root: Path) -> Finding:
    """What is left for downloads."""
    if free < FULL:
        return Finding(ABOUT, "wrong", f"Only {size(free)} are free in {root}.")
    return Finding(ABOUT, "well" if free > SCARCE else "note", f"{size(free)} are free in {root}.")


def together(linked: int | None, moved: int | None) -> Finding:
    """By the errors of a hard link from staging into the library and a move into the trash: two
    mounts of one file system are apart, too."""
    if errno.EXDEV in (linked, moved):
        sentence = f"{', '.join(PLACES)} must be in one mount of one file system."
        return Finding(ABOUT, "wrong", sentence)
    if linked is not None or moved is not None:
        return Finding(ABOUT, "note", "It has no hard links: what they would share is copied.")
    return Finding(ABOUT, "well", "It is writable, one file system, with hard links.")


def _error(change: Callable[[], object]) -> int | None:
    try:
        change()
    except OSError as error:
        return error.errno
    return None
