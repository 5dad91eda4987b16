"""From a path on somebody's disk to the file that the library knows."""

from collections.abc import Sequence
from pathlib import PurePosixPath

import sqlalchemy as sa

from mvidarr_catalog.brain.model import ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_common.errors import NotFound
from mvidarr_common.messages.queries import FileAt, FileView

from .files import File, file_view

DEEPEST = 12
"""Folders of a path that are looked at: names below the data root are not deeper."""

model = ReadModel()


@model.query
async def file_at(query: FileAt, read: Read) -> FileView:
    """By its own path first; else by the folder in which it lies with what belongs to it."""
    ends = endings(query.path)
    path = read.table(File).c.rendition["path"].as_string()
    found = await read.rows(File, path.in_(ends))
    if not found:
        folders = {folder for end in ends for folder in _folders(end)}
        beside = [path.startswith(f"{folder}/", autoescape=True) for folder in sorted(folders)]
        near = await read.rows(File, sa.or_(sa.false(), *beside))
        found = [file for file in near if not set(ends).isdisjoint(file.rendition.sidecars)]
    if not found:
        raise NotFound("file_not_found", f"The library knows nothing of {query.path}.")
    return file_view(max(found, key=lambda file: len(file.rendition.path)))


def endings(path: str) -> Sequence[str]:
    """What the path may be below the data root, longest first."""
    parts = PurePosixPath(path).parts[-DEEPEST:]
    parts = tuple(part for part in parts if part not in ("/", "."))
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _folders(path: str) -> Sequence[str]:
    """In which its file may lie: its own folder, and those above but for the root of all."""
    parts = path.split("/")[:-1]
    above = range(2, len(parts))
    return ["/".join(parts[:depth]) for depth in (*above, len(parts)) if depth]
