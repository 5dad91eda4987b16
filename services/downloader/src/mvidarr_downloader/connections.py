"""Keeps a child's connections out of private networks, wherever pages and redirects lead it.

A URL is looked at before it is fetched, but a page may redirect, its media may lie elsewhere, and a
name may resolve differently a moment later. The address that a socket connects to is the truth.
"""

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

from yt_dlp.downloader.external import ExternalFD
from yt_dlp.networking.common import _REQUEST_HANDLERS

from mvidarr_common.addresses import Address
from mvidarr_common.errors import JobError

_PYTHON_SOCKETS = ("Urllib", "Requests", "Websockets")


@contextmanager
def only_public(public: Callable[[Address], bool], refused: list[str]) -> Iterator[None]:
    """Within the block no connection of this process reaches a private address; those that were
    tried are noted. The whole process is bound, so this is for children that do one thing."""

    def look(connection: socket.socket, address: Any) -> None:
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return
        host = str(address[0])
        if not public(ip_address(host.partition("%")[0])):
            refused.append(host)
            raise PermissionError(errno.EACCES, f"{host} is a private address")

    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    download, handlers = ExternalFD.real_download, dict(_REQUEST_HANDLERS)

    def guarded(self: socket.socket, address: Any) -> None:
        look(self, address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        look(self, address)
        return connect_ex(self, address)

    try:
        socket.socket.connect = guarded  # type: ignore[method-assign,assignment]
        socket.socket.connect_ex = guarded_ex  # type: ignore[method-assign,assignment]
        ExternalFD.real_download = _refuse_program
        for name in handlers.keys() - set(_PYTHON_SOCKETS):
            del _REQUEST_HANDLERS[name]
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
        socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
        ExternalFD.real_download = download
        _REQUEST_HANDLERS.update(handlers)


def _refuse_program(self: ExternalFD, filename: str, info: dict[str, Any]) -> bool:
    """FFmpeg and the like open connections that nobody here can look at."""
    raise JobError(
        "unsupported_delivery",
        "The site delivers this video in a way that only an outside program can fetch, which is "
        "allowed only together with private addresses.",
    )
