"""Where the files of one video go in the library: names that nobody else has.

The first file is the one that media servers show: `<Artist>/<Artist> - <Title>.<ext>`, its artwork
and `.nfo` beside it under the same stem. Any other rendition of the same video would show up as a
second video there, so it goes to `<Artist>/.renditions/<stem> - <role> <quality>.<ext>`, a folder
that they skip. The order of `spec.files` decides, and nothing else.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import Artwork, FileToMove, Place, Placed
from mvidarr_common.messages.library import Rendition
from mvidarr_common.naming import folded, path_for

from .moves import MARKERS, Move
from .sources import below, existing, extension

RENDITIONS = ".renditions"
_OURS = re.compile(r"(-[a-z]+)?\.[^. ]+|( - (original|transcode) \w+)( \(\d+\))?\.[^. ]+")
"""What may follow a stem in the name of a file that belongs to it."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of the library, and a stem in it that is free."""

    folder: Path
    stem: str


def plan(root: DataRoot, template: str, spec: Place, nfo: Path) -> list[Move]:
    """The moves, in the order in which they must happen: films, then pictures, then the `.nfo`.
    Call it under the lock on names."""
    for file in spec.files:
        if existing(root, file.path).stat().st_size != file.facts.size:
            raise JobError("file_changed", f"The file {file.path} is not the one that was checked.")
    if spec.beside is not None:
        return _besides(root, spec, spec.beside)
    shelf = free_shelf(root, path_for(template, spec))
    moves = [
        Move(root.at(file.path), target)
        for file, target in zip(spec.files, films(spec, shelf), strict=True)
    ]
    pictures = [
        Move(existing(root, art.path), shelf.folder / beside(shelf.stem, art))
        for art in spec.artwork
    ]
    return [*moves, *pictures, Move(nfo, shelf.folder / f"{shelf.stem}.nfo")]


def placed(root: DataRoot, spec: Place, moves: Sequence[Move]) -> Placed:
    """What came of the moves: the first rendition has the sidecars."""
    targets = [root.relative(move.target) for move in moves]
    paths, sidecars = targets[: len(spec.files)], tuple(targets[len(spec.files) :])
    return Placed(
        renditions=tuple(
            Rendition(
                path=path,
                role=file.role,
                sha256=file.sha256,
                facts=file.facts,
                sidecars=() if number else sidecars,
            )
            for number, (file, path) in enumerate(zip(spec.files, paths, strict=True))
        )
    )


def hide_renditions(targets: Iterable[Path]) -> None:
    """Keep Jellyfin and Kodi out of the folders that hold further renditions."""
    for folder in {folder for target in targets for folder in target.parents}:
        if folder.name == RENDITIONS:
            for marker in MARKERS:
                (folder / marker).touch()


def beside(stem: str, art: Artwork) -> str:
    """The path of a picture, from the folder of its video. What media servers would list is
    hidden from them."""
    suffix = PurePosixPath(art.path).suffix.lower()
    if art.role.startswith("hls/"):
        return f"{RENDITIONS}/{stem}.{art.role}{suffix}"
    if art.role.startswith("subtitles/"):
        return f"{stem}.{art.role.removeprefix('subtitles/')}{suffix}"
    if art.role.startswith("trickplay/"):
        return f"{stem}.{art.role}{suffix}"
    return f"{stem}-{art.role}{suffix}"


def following(sidecar: PurePath, stem: str, new: str) -> PurePath | None:
    """The path of a sidecar, from the folder of its film, when the film's stem is another; None
    if nothing of its name is the film's."""
    parts = list(sidecar.parts)
    at = 1 if parts[0] == RENDITIONS and len(parts) > 1 else 0
    if not parts[at].startswith(stem):
        return None
    parts[at] = new + parts[at][len(stem) :]
    return PurePath(*parts)


def free_shelf(root: DataRoot, parts: tuple[str, ...], of: Path | None = None) -> Shelf:
    """The place for these parts; a name that is taken, in whatever case, gets a number. The names
    that the film `of` has with what belongs to it are free for it."""
    *folders, stem = parts
    folder = root.library
    for name in folders:
        folder = folder / _as_spelled(folder, name)
    taken = {folded(name) for name in [*_names(folder), *_names(folder / RENDITIONS)]}
    if of is not None and of.parent == folder:
        stem_now = folded(of.stem)
        taken = {name for name in taken if not _is_taken(stem_now, {name})}
    number = 1
    while _is_taken(folded(candidate := numbered(stem, number)), taken):
        number += 1
    return Shelf(folder, candidate)


def numbered(stem: str, number: int) -> str:
    """The stem itself first, then "stem (2)" and so on."""
    return stem if number == 1 else f"{stem} ({number})"


def films(spec: Place, shelf: Shelf) -> Iterator[Path]:
    """Where the films go: the first on the shelf, unless one stands there, the others into its
    hidden folder."""
    seen = set(_names(shelf.folder / RENDITIONS)) if spec.beside else set[str]()
    for number, file in enumerate(spec.files, start=1 if spec.beside else 0):
        suffix = extension(file.path, file.facts.container)
        if number == 0:
            yield shelf.folder / f"{shelf.stem}{suffix}"
            continue
        label, count = f"{shelf.stem} - {file.role} {file.facts.quality}", 1
        while (name := numbered(label, count) + suffix) in seen:
            count += 1
        seen.add(name)
        yield shelf.folder / RENDITIONS / name


def _besides(root: DataRoot, spec: Place, shown: FileToMove) -> list[Move]:
    """The video lies there already; these are further renditions of it."""
    film = below(root, shown.path, root.library)
    targets = films(spec, Shelf(film.parent, film.stem))
    files = zip(spec.files, targets, strict=True)
    return [Move(root.at(file.path), target) for file, target in files]


def _as_spelled(folder: Path, name: str) -> str:
    """A folder that is there under another spelling is the same on many file systems."""
    same = (found for found in _names(folder) if folded(found) == folded(name))
    return name if name in _names(folder) else next(same, name)


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []


def _is_taken(stem: str, taken: set[str]) -> bool:
    return any(name.startswith(stem) and _OURS.fullmatch(name[len(stem) :]) for name in taken)
