"""One call after another in the same child, which goes when one has left anything to the next.

yt-dlp is bound within blocks (guards, blocks, notes), keeps what it knows of a site in its session,
and is otherwise left as it was found. That is not believed but looked at.
"""

import socket
from collections.abc import Callable
from copy import copy
from typing import TypeVar

import yt_dlp.globals
from yt_dlp.downloader.external import ExternalFD
from yt_dlp.downloader.fragment import FragmentFD
from yt_dlp.downloader.rtmp import RtmpFD
from yt_dlp.networking._requests import RequestsResponseAdapter
from yt_dlp.networking.common import _REQUEST_HANDLERS
from yt_dlp.postprocessor.ffmpeg import FFmpegPostProcessor
from yt_dlp.utils.networking import std_headers

from mvidarr_common.leavings import PROCESS, Looks, leaving_nothing

from .connections import trusted

A = TypeVar("A")
R = TypeVar("R")

_BOUND = (
    (socket.socket, "connect"),
    (socket.socket, "connect_ex"),
    (ExternalFD, "real_download"),
    (RtmpFD, "real_download"),
    (RequestsResponseAdapter, "_real_read"),
    (FragmentFD, "_append_fragment"),
    (FragmentFD, "_write_ytdl_file"),
    (FragmentFD, "_download_fragment"),
)
_PLUGINS = ("plugin_dirs", "plugin_specs", "plugin_ies", "plugin_pps", "plugin_ies_overrides")

LOOKS: Looks = {
    **PROCESS,
    "guard": lambda: ([getattr(owner, name, None) for owner, name in _BOUND], trusted()),
    "way to send requests": lambda: (dict(_REQUEST_HANDLERS), dict(std_headers)),
    "place of FFmpeg": FFmpegPostProcessor._ffmpeg_location.get,
    "plug-in": lambda: [copy(getattr(yt_dlp.globals, name).value) for name in _PLUGINS],
}


def unspoilt(function: Callable[[A], R], order: A) -> R:
    """What the function gives."""
    with leaving_nothing(LOOKS):
        return function(order)
