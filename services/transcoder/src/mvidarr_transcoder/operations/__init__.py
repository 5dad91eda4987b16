"""The operations: one file each, and one line here."""

from mvidarr_common.jobs import Handler

from .noop import noop
from .place import place
from .probe import probe
from .probe_many import probe_many
from .purge import purge
from .restore import restore
from .thumbnails import thumbnails
from .tidy import tidy
from .transcode import transcode
from .trash import trash
from .verify import verify

OPERATIONS: tuple[Handler, ...] = (
    noop,
    place,
    probe,
    probe_many,
    purge,
    restore,
    thumbnails,
    tidy,
    transcode,
    trash,
    verify,
)

__all__ = [
    "OPERATIONS", "noop", "place", "probe", "probe_many", "purge", "restore", "thumbnails",
    "tidy", "transcode", "trash", "verify",
]  # fmt: skip
