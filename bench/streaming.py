"""A film from the gateway, rights checked for each request, over several connections at once.

The peer is nginx with `sendfile`, which serves the same file to the same client. Its workers are
as many as there are processors; MVidarr serves from one process, in which everything else runs.
"""

import shutil
import socket
import subprocess
import time
from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from getpass import getuser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from mvidarr_common.cli.access import Access
from mvidarr_common.testing.servers import free_ports, install, wait_until
from mvidarr_common.testing.system import EMBEDDED, System

from .ground import Ground
from .measure import RUNS, Figure, Series

SIZE = 256 * 2**20
_BUFFER = 2**18
_CONFIG = """daemon off; user {user}; worker_processes auto;
pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


class Asked(NamedTuple):
    """How a film is fetched: ranges of so many bytes, so many of them, by so many clients."""

    what: str
    size: int
    times: int
    clients: int


KINDS = (
    Asked("a film, whole", SIZE, 4, 1),
    Asked("a film, whole", SIZE, 1, 8),
    Asked("ranges of 8 MiB", 2**23, 64, 1),
    Asked("ranges of 8 MiB", 2**23, 16, 8),
    Asked("ranges of 1 MiB", 2**20, 256, 1),
)


class Place(NamedTuple):
    """Where the film is, and what opens the door."""

    address: str
    path: str
    headers: dict[str, str]


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """Megabytes a second that arrive, all clients together."""
    folder = ground.folder("streaming")
    system = System(folder / "system", EMBEDDED)
    try:
        await to_thread(system.start)
        access = await to_thread(system.log_in)
        ours = await to_thread(_import, system, access, ground.samples[0].path)
        with _nginx(folder / "nginx", system.root.library) as address:
            film = next(system.root.library.rglob("*.mp4"))
            theirs = Place(address, "/film.mp4", {})
            (system.root.library / "film.mp4").symlink_to(film)
            for asked in KINDS:
                yield await to_thread(_figure, asked, ours, theirs)
    finally:
        await to_thread(system.close)


def _import(system: System, access: Access, sample: Path) -> Place:
    """A film in the library, which then grows to that size."""
    source = system.root.path / "import" / "film.mp4"
    source.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(sample, source)
    with httpx.Client(base_url=access.address, headers=access.headers, timeout=60) as client:
        known = {"title": "Film", "artist": "Band"}
        body = {"path": "film.mp4", "known": known}
        made = client.post("/api/v1/videos/import", json=body).raise_for_status().json()
        place = f"/api/v1/videos/{made['id']}"
        wait_until(lambda: client.get(place).json()["state"] == "ready", "the film", 120)
        [file] = client.get(place).json()["files"]
    with (system.root.path / file["rendition"]["path"]).open("ab") as film:
        film.write(bytes(SIZE - film.tell()))
    return Place(access.address, f"/api/v1/files/{file['id']}/content", dict(access.headers))


def _figure(asked: Asked, ours: Place, theirs: Place) -> Figure:
    pairs = [(_rate(ours, asked), _rate(theirs, asked)) for _ in range(RUNS)]
    many = f"{asked.clients} client{'s' if asked.clients > 1 else ''}"
    return Figure(
        asked.what, many, "MB/s", Series("", tuple(rate for rate, _ in pairs)),
        (Series("nginx", tuple(rate for _, rate in pairs)),),
    )  # fmt: skip


def _rate(place: Place, asked: Asked) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(asked.clients) as clients:
        list(clients.map(partial(_fetch, place, asked), range(asked.clients)))
    return asked.size * asked.times * asked.clients / (time.perf_counter() - began) / 1e6


def _fetch(place: Place, asked: Asked, number: int) -> None:
    where = urlsplit(place.address)
    buffer = bytearray(_BUFFER)
    with socket.create_connection((where.hostname or "", where.port or 80)) as connection:
        for time in range(asked.times):
            start = (number * asked.times + time) * asked.size % SIZE
            headers = place.headers | {
                "Host": "x",
                "Range": f"bytes={start}-{start + asked.size - 1}",
            }
            lines = [f"GET {place.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            _take(connection, buffer, asked.size)


def _take(connection: socket.socket, buffer: bytearray, size: int) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    status, _, rest = head.partition(b"\r\n\r\n")
    if b" 206 " not in status[:20]:
        raise RuntimeError(head.decode("latin-1"))
    left = size - len(rest)
    while left > 0:
        left -= connection.recv_into(buffer, min(left, _BUFFER))


@contextmanager
def _nginx(folder: Path, root: Path) -> Iterator[str]:
    """The address of one that serves this folder, as whoever runs the benchmark."""
    if shutil.which("nginx") is None:
        install(("nginx-light",), "nginx is not here")
    folder.mkdir()
    [port] = free_ports(1)
    config = folder / "nginx.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, root=root, user=getuser()))
    process = subprocess.Popen(["nginx", "-p", folder, "-c", config])
    try:
        wait_until(lambda: _answers(port), "the start of nginx", 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
