"""The trash: files and their sidecars go there under the relative path they had, and come back."""

from collections.abc import Sequence
from pathlib import Path

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import FileToMove, Moved

from .moves import Move
from .shelving import following, numbered
from .sources import below, existing


def to_trash(root: DataRoot, files: Sequence[FileToMove]) -> list[Move]:
    """The moves from library to trash; what has gone already needs none."""
    return _between(root, files, root.library, root.trash)


def from_trash(root: DataRoot, files: Sequence[FileToMove]) -> list[Move]:
    """The moves from trash to library; raises JobError when a film is not there any more."""
    for file in files:
        below(root, file.path, root.trash)
        existing(root, file.path)
    return _between(root, files, root.trash, root.library)


def moved(root: DataRoot, files: Sequence[FileToMove], moves: Sequence[Move]) -> tuple[Moved, ...]:
    """Each file's new paths. A film that had gone already counts as moved to the trash."""
    targets = {root.relative(move.source): root.relative(move.target) for move in moves}
    return tuple(
        Moved(
            file_id=file.file_id,
            path=targets.get(file.path) or file.path.replace("library/", "trash/", 1),
            sidecars=tuple(targets[path] for path in file.sidecars if path in targets),
        )
        for file in files
    )


def _between(root: DataRoot, files: Sequence[FileToMove], here: Path, there: Path) -> list[Move]:
    planned: list[Move] = []
    for file in files:
        taken = {move.target for move in planned}
        number = 1
        while _clashes(found := _numbered(root, file, here, there, number), taken):
            number += 1
        planned += [move for move in found if move.source.exists()]
    return planned


def _clashes(moves: Sequence[Move], taken: set[Path]) -> bool:
    return any(move.target in taken or move.target.exists() for move in moves)


def _numbered(root: DataRoot, file: FileToMove, here: Path, there: Path, number: int) -> list[Move]:
    """The moves with the stem's number in every name that begins with the stem."""
    film = below(root, file.path, here)
    moves = []
    for source in (film, *(below(root, path, here) for path in file.sidecars)):
        try:
            now = source.relative_to(film.parent)
        except ValueError:  # a sidecar elsewhere keeps its name
            moves.append(Move(source, there / source.relative_to(here)))
            continue
        name = following(now, film.stem, numbered(film.stem, number)) or now
        moves.append(Move(source, there / film.parent.relative_to(here) / name))
    return moves
