"""A proxy on loopback, in the child itself: whoever goes through it goes where the guard allows.

FFmpeg, libraries that imitate browsers, and a proxy that people have set open their connections
where no guard of ours sees them. They are sent through here: a name is resolved here, its address
is looked at, and that very address is connected to, by way of the proxy where there is one.
"""

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import SplitResult, unquote, urlsplit

from yt_dlp.socks import ProxyType, sockssocket

from .connections import Guard, trusting

_HEAD = 64 * 1024
_SOCKS = {
    "socks4": ProxyType.SOCKS4, "socks4a": ProxyType.SOCKS4A, "socks5": ProxyType.SOCKS5,
    "socks5h": ProxyType.SOCKS5, "socks": ProxyType.SOCKS5,
}  # fmt: skip


class Relay:
    """Serves until the child ends; each connection in a thread of its own."""

    def __init__(self, guard: Guard, proxy: str | None, timeout: float) -> None:
        self._guard = guard
        self._proxy = urlsplit(proxy) if proxy else None
        self._timeout = timeout
        self._listener = socket.create_server(("127.0.0.1", 0))
        host, port = self._listener.getsockname()
        guard.doors.add((host, port))
        self.address = f"http://{host}:{port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take nothing more."""
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._take, args=(client,), daemon=True).start()

    def _take(self, client: socket.socket) -> None:
        with client, suppress(OSError, ValueError, EOFError):
            client.settimeout(self._timeout)
            head, rest = _head_of(client)
            method, target, version = head[0].split(" ", 2)
            try:
                if method == "CONNECT":
                    site = self._reach(urlsplit(f"//{target}"), 443)
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    site = self._reach(urlsplit(target), 80)
                    rest = _direct(method, target, version, head[1:]) + rest
            except (OSError, ValueError) as error:
                status = (
                    "403 Forbidden" if isinstance(error, PermissionError) else "502 Bad Gateway"
                )
                client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
                return
            with site:
                site.sendall(rest)
                _both_ways(client, site, self._timeout)

    def _reach(self, target: SplitResult, usual: int) -> socket.socket:
        """A connection to the host, or through the proxy to its address."""
        host, port = target.hostname or "", target.port or usual
        if self._proxy is None:
            return socket.create_connection((host, port), self._timeout)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, address in found:
            self._guard.look(str(address[0]), port)
        with trusting():
            return _through(self._proxy, str(found[0][4][0]), port, self._timeout)


@contextmanager
def relaying(guard: Guard, proxy: str | None, timeout: float) -> Iterator[Relay]:
    """A relay within the block."""
    relay = Relay(guard, proxy, timeout)
    try:
        yield relay
    finally:
        relay.close()


def _through(proxy: SplitResult, host: str, port: int, timeout: float) -> socket.socket:
    """A connection through an HTTP or SOCKS proxy."""
    near = proxy.hostname or "", proxy.port or 1080
    user, password = unquote(proxy.username or ""), unquote(proxy.password or "")
    with ExitStack() as failing:
        if kind := _SOCKS.get(proxy.scheme):
            connection = failing.enter_context(sockssocket())
            connection.settimeout(timeout)
            connection.setproxy(kind, *near, False, user or None, password or None)
            connection.connect((host, port))
        else:
            connection = failing.enter_context(socket.create_connection(near, timeout))
            _ask_for(
                connection, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", user, password
            )
        failing.pop_all()
    return connection  # type: ignore[no-any-return]  # a socket


def _ask_for(connection: socket.socket, name: str, user: str, password: str) -> None:
    """Have an HTTP proxy connect to the name; OSError when it does not."""
    lines = [f"CONNECT {name} HTTP/1.1", f"Host: {name}"]
    if user:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {pair}")
    connection.sendall("\r\n".join((*lines, "", "")).encode())
    answer, _ = _head_of(connection)
    if answer[0].split(" ")[1] != "200":
        raise OSError(f"the proxy says {answer[0]!r}")


def _head_of(connection: socket.socket) -> tuple[list[str], bytes]:
    """The lines up to the empty one, and what came behind it already."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(8192)
        received += more
        if not more or len(received) > _HEAD:
            raise EOFError
    head, _, rest = received.partition(b"\r\n\r\n")
    return head.decode("latin-1").split("\r\n"), rest


def _direct(method: str, target: str, version: str, headers: list[str]) -> bytes:
    """The request as the site itself gets it; one for each connection."""
    url = urlsplit(target)
    path = f"{url.path or '/'}{'?' + url.query if url.query else ''}"
    kept = [line for line in headers if not line.lower().startswith(("proxy-", "connection:"))]
    return "\r\n".join((f"{method} {path} {version}", *kept, "Connection: close", "", "")).encode(
        "latin-1"
    )


def _both_ways(one: socket.socket, other: socket.socket, timeout: float) -> None:
    other.settimeout(None)
    one.settimeout(None)
    back = threading.Thread(target=_pump, args=(one, other), daemon=True)
    back.start()
    _pump(other, one)
    back.join(timeout)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(256 * 1024):
            sink.sendall(block)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
