"""A private PostgreSQL server for tests, benches and chaos: own folder and port, loopback only.

PostgreSQL refuses to run as root; started by root it runs as the user `postgres`. Calls block;
from a coroutine use `asyncio.to_thread(server.kill)`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .leash import below
from .servers import (
    DatabaseServer,
    alive,
    end,
    free_ports,
    kill_all,
    new_name,
    require,
    spawn,
    wait_until,
)  # fmt: skip


def postgres_programs() -> Path:
    """The folder of initdb and postgres, newest version first; raises MissingServer."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    newest = sorted(folders, key=lambda each: float(each.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    found = [*newest, *([Path(on_path).parent] if on_path else [])]
    return require(next(iter(found), None), "PostgreSQL")


class PostgresServer(DatabaseServer):
    """One server; `with PostgresServer() as server:` starts it and removes it afterwards.

    `fsync=False` is for tests that kill nothing: faster, and not safe from a power loss. Nothing is
    vacuumed there: that would look after each of the many small databases again and again.
    """

    def __init__(self, *, fsync: bool = True) -> None:
        self._programs = postgres_programs()
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="mvidarr-postgres-"))
        self._data = self._folder / "data"
        (self.port,) = free_ports(1)
        self._fsync = fsync
        self._server: subprocess.Popen[bytes] | None = None
        self._initialise()

    def _initialise(self) -> None:
        if self._user is not None:
            entry = pwd.getpwnam(self._user)
            os.chown(self._folder, entry.pw_uid, entry.pw_gid)
        self._run(
            "initdb", "-D", str(self._data), "-U", "postgres", "--auth=trust", "--no-sync",
            "--encoding=UTF8", "--locale=C.UTF-8",
        )  # fmt: skip

    def url(self, database: str = "postgres") -> str:
        """Where SQLAlchemy connects."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self, *options: str) -> str:
        """The URL of an empty database of its own; `options` are createdb's."""
        name = new_name()
        self._run("createdb", *self._address(), *options, name)
        return self.url(name)

    def start(self) -> None:
        """Start and wait until it takes connections; after a kill it recovers first."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self._folder),
            "max_connections": "200",
        }
        if not self._fsync:
            options |= dict.fromkeys(("fsync", "full_page_writes", "autovacuum"), "off")
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        self._server = spawn(
            [str(self._programs / "postgres"), "-D", str(self._data), *settings],
            self._folder / "output.txt", folder=self._folder, cwd=self._folder,
            user=self._user, group=self._user, extra_groups=[] if self._user else None,
        )  # fmt: skip
        wait_until(self._is_up, "the start of PostgreSQL")

    def _is_up(self) -> bool:
        assert self._server is not None
        if self._server.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start: {self.output()}")
        return self._call("pg_isready", "-q", *self._address()).returncode == 0

    def stop(self) -> None:
        """Stop politely: connections are cut, everything is written."""
        end(self._server, signal.SIGINT)
        self._server = None

    def kill(self) -> None:
        """SIGKILL to all its processes: the next start recovers from the write-ahead log."""
        if self._server is None:
            return
        backends = below(self._server.pid)  # each is a session of its own
        end(self._server, signal.SIGKILL)
        kill_all(backends)
        wait_until(lambda: not any(alive(each) for each in backends), "the end of PostgreSQL")
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
        return ("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres")

    def _run(self, program: str, *arguments: str) -> None:
        done = self._call(program, *arguments)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self._folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=120, user=self._user, group=self._user,
            extra_groups=[] if self._user else None,
        )  # fmt: skip
