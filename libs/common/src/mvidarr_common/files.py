"""The data root: one file system, so that moves are renames. Events carry paths below it."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .errors import Invalid
from .messages.ids import JobId


@dataclass(frozen=True, slots=True)
class DataRoot:
    """Turns paths of events into paths of this machine, and never lets one climb out."""

    path: Path

    def at(self, relative: str) -> Path:
        """The absolute path; raises Invalid for one that leaves the root, also by a link."""
        inside = PurePosixPath(relative)
        absolute = self.path.joinpath(*inside.parts)
        if inside.is_absolute() or ".." in inside.parts or not relative:
            raise Invalid("path_outside", f"The path {relative!r} leaves the data root.")
        if not absolute.resolve().is_relative_to(self.path.resolve()):
            raise Invalid("path_outside", f"The path {relative!r} leads out of the data root.")
        return absolute

    def relative(self, absolute: Path) -> str:
        """The path as events carry it."""
        return absolute.relative_to(self.path).as_posix()

    def staging(self, job: JobId) -> Path:
        """The folder that holds one folder for each delivery of a job."""
        return self.path / "staging" / job

    @property
    def library(self) -> Path:
        """What media servers read."""
        return self.path / "library"

    @property
    def trash(self) -> Path:
        """What was deleted and can come back, under the relative path it had."""
        return self.path / "trash"
