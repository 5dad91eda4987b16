"""Finding the file that a job names, in the part of the data root where it may be."""

from pathlib import Path, PurePosixPath

from mvidarr_common.errors import Invalid, JobError
from mvidarr_common.files import DataRoot


def existing(root: DataRoot, relative: str) -> Path:
    """The file; raises JobError when it is not there, Invalid when the path leaves the root."""
    path = root.at(relative)
    if not path.is_file():
        raise JobError("file_missing", f"The file {relative} is not there.")
    return path


def below(root: DataRoot, relative: str, folder: Path) -> Path:
    """The absolute path; raises Invalid unless it lies below `folder`, also by its links."""
    path = root.at(relative)
    inside = path.parent.resolve().is_relative_to(folder.resolve())
    if not inside or not path.is_relative_to(folder) or path == folder:
        raise Invalid("path_outside", f"The path {relative!r} is not below {folder.name}/.")
    return path


def extension(relative: str, container: str) -> str:
    """A media file's extension with its dot; the container's where the name has no decent one."""
    suffix = PurePosixPath(relative).suffix.lower()
    if suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= 5:
        return suffix
    return {"matroska": ".mkv", "mpegts": ".ts"}.get(container, f".{container}")
