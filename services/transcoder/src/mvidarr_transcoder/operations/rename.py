"""Renaming: a film in the library gets the name that its description and the template ask for."""

from collections.abc import Sequence

from mvidarr_common.files import DataRoot
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Moved, Rename, Renamed
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.moves import Move, carry
from mvidarr_transcoder.naming import path_for
from mvidarr_transcoder.shelving import free_shelf
from mvidarr_transcoder.sources import below, existing


async def rename(spec: Rename, job: Job[Deps]) -> Renamed:
    """The sidecars keep what follows the stem. A film that has its name already stays."""
    root = job.root
    moves = await carry(job, lambda: _plan(root, job.deps.naming, spec), leaving=root.library)
    targets = {root.relative(move.source): root.relative(move.target) for move in moves}
    file = spec.file
    return Renamed(
        moved=Moved(
            file_id=file.file_id,
            path=targets.get(file.path, file.path),
            sidecars=tuple(targets.get(path, path) for path in file.sidecars),
        )
    )


def _plan(root: DataRoot, template: str, spec: Rename) -> Sequence[Move]:
    film = below(root, spec.file.path, root.library)
    existing(root, spec.file.path)
    *folders, stem = path_for(template, spec.place)
    if film.parent == root.library.joinpath(*folders) and film.stem == stem:
        return []
    shelf = free_shelf(root, (*folders, stem))
    moves = [Move(film, shelf.folder / f"{shelf.stem}{film.suffix}")]
    for path in spec.file.sidecars:
        source = below(root, path, root.library)
        if source.exists() and source.is_relative_to(film.parent):
            name, *rest = source.relative_to(film.parent).parts
            if name.startswith(film.stem):
                renamed = shelf.stem + name[len(film.stem) :]
                moves.append(Move(source, shelf.folder.joinpath(renamed, *rest)))
    return moves
