"""A private MariaDB server for tests, benches and chaos: own folder and port, loopback only.

Calls block; from a coroutine use `asyncio.to_thread(server.kill)`.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .servers import DatabaseServer, end, free_ports, new_name, require, spawn, wait_until

_MEMORY = Path("/dev/shm")  # noqa: S108  # the folders made there are ours alone
_ROOM = 10**9


def mariadb_programs() -> Path:
    """The folder of mariadbd; raises MissingServer."""
    found = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return require(Path(found).parent if found else None, "MariaDB")


class MariaServer(DatabaseServer):
    """One server; `with MariaServer() as server:` starts it and removes it afterwards.

    `fsync=False` is for tests that kill nothing: faster, and not safe from a power loss.
    """

    def __init__(self, *, fsync: bool = True) -> None:
        self._programs = mariadb_programs()
        self._fsync = fsync
        self._folder = Path(tempfile.mkdtemp(prefix="mvidarr-mariadb-", dir=_place(fsync)))
        (self.port,) = free_ports(1)
        self._server: subprocess.Popen[bytes] | None = None
        self._run(
            "mariadb-install-db", "--no-defaults", *_user(), f"--datadir={self._folder}/data",
            "--auth-root-authentication-method=normal", "--skip-test-db",
        )  # fmt: skip

    def url(self, database: str) -> str:
        """Where SQLAlchemy connects."""
        return f"mysql+asyncmy://root@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty database of its own."""
        name = new_name()
        self.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return self.url(name)

    def execute(self, statement: str) -> str:
        """Run a statement as the administrator; gives what it prints."""
        return self._run("mariadb", *self._address(), "--batch", "-e", statement)

    def start(self) -> None:
        """Start and wait until it takes connections; after a kill it recovers first."""
        flush = 1 if self._fsync else 0
        self._server = spawn(
            [str(self._programs / "mariadbd"), "--no-defaults", *_user(),
             f"--datadir={self._folder}/data", f"--socket={self._folder}/socket",
             f"--port={self.port}", "--bind-address=127.0.0.1", "--skip-name-resolve",
             "--max-connections=200", f"--innodb-flush-log-at-trx-commit={flush}"],
            self._folder / "output.txt", folder=self._folder, cwd=self._folder,
        )  # fmt: skip
        wait_until(self._is_up, "the start of MariaDB")

    def _is_up(self) -> bool:
        assert self._server is not None
        if self._server.poll() is not None:
            raise RuntimeError(f"MariaDB did not start: {self.output()}")
        return self._call("mariadb-admin", *self._address(), "ping").returncode == 0

    def stop(self) -> None:
        """Stop politely: connections are cut, everything is written."""
        end(self._server, signal.SIGTERM)
        self._server = None

    def kill(self) -> None:
        """SIGKILL: the next start recovers what was committed."""
        end(self._server, signal.SIGKILL)
        self._server = None

    def close(self) -> None:
        """Stop it and remove the folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def output(self) -> str:
        """The end of what the server has printed."""
        file = self._folder / "output.txt"
        return file.read_text()[-4000:] if file.exists() else ""

    def _address(self) -> tuple[str, ...]:
        return ("--no-defaults", "-h", "127.0.0.1", "-P", str(self.port), "-u", "root")

    def _run(self, program: str, *arguments: str) -> str:
        done = self._call(program, *arguments)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments],
            cwd=self._folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip


def _user() -> list[str]:
    """It refuses to run as root unless it is told to."""
    return ["--user=root"] if os.geteuid() == 0 else []


def _place(fsync: bool) -> Path | None:
    """In memory, where there is room: its many small syncs cannot be turned off."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    return _MEMORY if roomy and not fsync else None
