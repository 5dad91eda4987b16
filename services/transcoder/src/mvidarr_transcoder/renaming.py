"""New names for the files of one video that lie in the library already.

Each film goes from its old name to the new one by one rename, so that at every moment it is there
under one of the two; its sidecars follow it.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import FileToMove, Moved, Rename, Renamed
from mvidarr_common.naming import path_for

from .moves import Move
from .shelving import films, free_shelf
from .sources import below, existing


def renaming(root: DataRoot, template: str, spec: Rename) -> Sequence[Move]:
    """The moves: films first, then sidecars. Call it under the lock on names."""
    files = (spec.file, *spec.others)
    sources = [_film(root, file) for file in files]
    shelf = free_shelf(root, path_for(template, spec.place), of=sources[0])
    targets = list(films(spec.place, shelf))[: len(sources)]
    moves = [Move(*pair) for pair in zip(sources, targets, strict=True)]
    for file, move in zip(files, tuple(moves), strict=True):
        moves += _sidecars(root, file, move)
    return [move for move in moves if move.source != move.target]


def renamed(root: DataRoot, spec: Rename, moves: Sequence[Move]) -> Renamed:
    """Where each file is now."""
    targets = {root.relative(move.source): root.relative(move.target) for move in moves}
    moved = _moved(spec.file, targets)
    return Renamed(moved=moved, others=tuple(_moved(file, targets) for file in spec.others))


def _film(root: DataRoot, file: FileToMove) -> Path:
    existing(root, file.path)
    return below(root, file.path, root.library)


def _sidecars(root: DataRoot, file: FileToMove, film: Move) -> Iterator[Move]:
    """Those that lie beside the film and begin with its stem keep what follows it."""
    for path in file.sidecars:
        source = below(root, path, root.library)
        if source.exists() and source.is_relative_to(film.source.parent):
            name, *rest = source.relative_to(film.source.parent).parts
            if name.startswith(film.source.stem):
                name = film.target.stem + name[len(film.source.stem) :]
                yield Move(source, film.target.parent.joinpath(name, *rest))


def _moved(file: FileToMove, targets: Mapping[str, str]) -> Moved:
    return Moved(
        file_id=file.file_id,
        path=targets.get(file.path, file.path),
        sidecars=tuple(targets.get(path, path) for path in file.sidecars),
    )
