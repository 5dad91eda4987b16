"""New names for the files of one video that lie in the library already.

Each film goes from its old name to the new one by one rename, so that at every moment it is there
under one of the two; its sidecars follow it. A copy with new tags takes its place in the same way.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import FileToMove, Moved, PlaceFile, Rename, Renamed
from mvidarr_common.naming import path_for

from .moves import Move
from .shelving import films, following, free_shelf
from .sources import below, existing


def renaming(
    root: DataRoot, template: str, spec: Rename, tagged: Sequence[PlaceFile]
) -> Sequence[Move]:
    """The moves: films first, then sidecars, then the films as they were `tagged` over those that
    have their new names. Call it under the lock on names."""
    files = (spec.file, *spec.others)
    sources = [_film(root, file) for file in files]
    shelf = free_shelf(root, path_for(template, spec.place), of=sources[0])
    targets = list(films(spec.place, shelf))[: len(sources)]
    moves = [Move(*pair) for pair in zip(sources, targets, strict=True)]
    for file, move in zip(files, tuple(moves), strict=True):
        moves += _sidecars(root, file, move)
    needed = [move for move in moves if move.source != move.target]
    return [*needed, *_replacing(root, spec, tagged, targets)]


def renamed(
    root: DataRoot, spec: Rename, tagged: Sequence[PlaceFile], moves: Sequence[Move]
) -> Renamed:
    """Where each file is now, and what it holds if that is new."""
    targets = {root.relative(move.source): root.relative(move.target) for move in moves}
    files = zip((spec.file, *spec.others), spec.place.files, tagged, strict=True)
    moved, *others = (
        _moved(file, targets, None if new == old else new) for file, old, new in files
    )
    return Renamed(moved=moved, others=tuple(others))


def _film(root: DataRoot, file: FileToMove) -> Path:
    existing(root, file.path)
    return below(root, file.path, root.library)


def _sidecars(root: DataRoot, file: FileToMove, film: Move) -> Iterator[Move]:
    """Those that lie beside the film and begin with its stem keep what follows it."""
    for path in file.sidecars:
        source = below(root, path, root.library)
        if source.exists() and source.is_relative_to(film.source.parent):
            now = source.relative_to(film.source.parent)
            if name := following(now, film.source.stem, film.target.stem):
                yield Move(source, film.target.parent / name)


def _replacing(
    root: DataRoot, spec: Rename, tagged: Sequence[PlaceFile], targets: Sequence[Path]
) -> Iterator[Move]:
    for old, new, target in zip(spec.place.files, tagged, targets, strict=True):
        if new != old:
            yield Move(root.at(new.path), target, over=True)


def _moved(file: FileToMove, targets: Mapping[str, str], new: PlaceFile | None) -> Moved:
    return Moved(
        file_id=file.file_id,
        path=targets.get(file.path, file.path),
        sidecars=tuple(targets.get(path, path) for path in file.sidecars),
        sha256=new.sha256 if new else None,
        facts=new.facts if new else None,
    )
