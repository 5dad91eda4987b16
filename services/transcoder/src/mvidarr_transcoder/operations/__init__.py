"""The operations: one file each, and one line here."""

from mvidarr_common.jobs import Handler

from .concat import concat
from .encode_part import encode_part
from .extract_audio import extract_audio
from .find_imports import find_imports
from .fingerprint import fingerprint
from .hls import hls
from .images import images
from .is_better import is_better
from .join_parts import join_parts
from .match import match
from .noop import noop
from .place import place
from .preview import preview
from .probe import probe
from .probe_many import probe_many
from .purge import purge
from .quality import quality
from .rename import rename
from .restore import restore
from .scrub import scrub
from .show_commands import show_commands
from .sidecars import sidecars
from .take import take
from .thumbnails import thumbnails
from .tidy import tidy
from .transcode import transcode
from .trash import trash
from .trim import trim
from .verify import verify
from .waveform import waveform

OPERATIONS: tuple[Handler, ...] = (
    concat,
    encode_part,
    extract_audio,
    find_imports,
    fingerprint,
    hls,
    images,
    is_better,
    join_parts,
    match,
    noop,
    place,
    preview,
    probe,
    probe_many,
    purge,
    quality,
    rename,
    restore,
    scrub,
    show_commands,
    sidecars,
    take,
    thumbnails,
    tidy,
    transcode,
    trash,
    trim,
    verify,
    waveform,
)

__all__ = [
    "OPERATIONS", "concat", "encode_part", "extract_audio", "find_imports", "fingerprint", "hls",
    "images", "is_better", "join_parts", "match", "noop", "place", "preview", "probe", "probe_many",
    "purge", "quality", "rename", "restore", "scrub", "show_commands", "sidecars", "take",
    "thumbnails", "tidy", "transcode", "trash", "trim", "verify", "waveform",
]  # fmt: skip
