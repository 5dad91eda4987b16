"""Keeps a child's connections out of private networks, wherever pages and redirects lead it.

A URL is looked at before it is fetched, but a page may redirect, its media may lie elsewhere, and a
name may resolve differently a moment later. The address that a socket connects to is the truth.
"""

import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from yt_dlp.downloader.external import ExternalFD
from yt_dlp.downloader.rtmp import RtmpFD
from yt_dlp.networking.common import _REQUEST_HANDLERS

from mvidarr_common.addresses import Address
from mvidarr_common.errors import JobError

_PYTHON_SOCKETS = ("Urllib", "Requests", "Websockets")
_BY_HTTP = ("http", "https", "m3u8", "m3u8_native", "http_dash_segments")

_this = threading.local()


@contextmanager
def trusting() -> Iterator[None]:
    """Within the block this thread reaches what settings name: services of our own, and proxies."""
    _this.trusts = True
    try:
        yield
    finally:
        _this.trusts = False


def trusted() -> bool:
    """Whether this thread is in such a block."""
    return bool(getattr(_this, "trusts", False))


@dataclass
class Guard:
    """What may be reached. `doors` are our own ports on loopback; `refused` notes what was tried;
    `relayed` says that programs and other libraries go through a relay, which looks for them."""

    public: Callable[[Address], bool]
    refused: list[str] = field(default_factory=list)
    doors: set[tuple[str, int]] = field(default_factory=set)
    relayed: bool = False

    def look(self, host: str, port: int) -> None:
        """Raise PermissionError for an address that may not be reached."""
        if trusted() or (host, port) in self.doors:
            return
        if not self.public(ip_address(host.partition("%")[0])):
            self.refused.append(host)
            raise PermissionError(errno.EACCES, f"{host} is a private address")


@contextmanager
def only_public(guard: Guard) -> Iterator[None]:
    """Within the block no connection of this process reaches what the guard refuses. The whole
    process is bound, so this is for children that do one thing at a time."""

    def look(connection: socket.socket, address: Any) -> None:
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            guard.look(str(address[0]), int(address[1]))

    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    handlers, download, flash = (
        dict(_REQUEST_HANDLERS), ExternalFD.real_download, RtmpFD.real_download,
    )  # fmt: skip

    def guarded(self: socket.socket, address: Any) -> None:
        look(self, address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        look(self, address)
        return connect_ex(self, address)

    def relayed(self: ExternalFD, filename: str, info: dict[str, Any]) -> bool:
        """Programs open connections that nobody here can look at, but for those of the relay."""
        if not guard.relayed or info.get("protocol") not in _BY_HTTP:
            raise _not_to_be_watched()
        return bool(download(self, filename, info))

    try:
        socket.socket.connect = guarded  # type: ignore[method-assign,assignment]
        socket.socket.connect_ex = guarded_ex  # type: ignore[method-assign,assignment]
        ExternalFD.real_download, RtmpFD.real_download = relayed, _refused
        for name in handlers.keys() - set(_PYTHON_SOCKETS) if not guard.relayed else ():
            del _REQUEST_HANDLERS[name]
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
        socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
        ExternalFD.real_download, RtmpFD.real_download = download, flash
        _REQUEST_HANDLERS.update(handlers)


def _refused(*_: object) -> bool:
    """RTMP is fetched by rtmpdump, which knows no relay."""
    raise _not_to_be_watched()


def _not_to_be_watched() -> JobError:
    return JobError(
        "unsupported_delivery",
        "The site delivers this video in a way that only an outside program can fetch, which is "
        "allowed only together with private addresses.",
    )
