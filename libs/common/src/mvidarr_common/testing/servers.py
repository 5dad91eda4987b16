"""What the private servers share: finding and installing them, free ports, and their processes."""

import os
import signal
import socket
import ssl
import subprocess
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from shutil import which
from types import TracebackType
from typing import Any, Self

from .leash import tie

PACKAGES = (
    "rabbitmq-server",
    "postgresql",
    "mariadb-server",
    "prometheus",
    "prometheus-alertmanager",
)
_COMMAND = f"apt-get install {' '.join(PACKAGES)}"

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For `httpx` where nothing is encrypted: each of its calls would read all certificates."""


class MissingServer(RuntimeError):
    """A server's programs are not installed."""


class Private(ABC):
    """What `with` starts, and removes afterwards, whatever has happened meanwhile."""

    @abstractmethod
    def start(self) -> None:
        """Start and wait until it can be used."""

    @abstractmethod
    def close(self) -> None:
        """Stop it and leave nothing behind."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


class Server(Private):
    """A private server that can also be stopped and started again."""

    def __getstate__(self) -> dict[str, Any]:
        """A copy in another process can use it; only who has started it can end it."""
        children = {key for key, value in vars(self).items() if isinstance(value, subprocess.Popen)}
        return vars(self) | dict.fromkeys(children)

    @abstractmethod
    def stop(self) -> None:
        """Stop politely."""

    def restart(self) -> None:
        """Stop politely and start again."""
        self.stop()
        self.start()


class DatabaseServer(Server):
    """A private server of databases."""

    @abstractmethod
    def new_database(self) -> str:
        """The URL of an empty database of its own."""

    @abstractmethod
    def kill(self) -> None:
        """SIGKILL: the next start recovers what was committed."""


def require(found: Path | None, name: str) -> Path:
    """The folder of a server's programs, or the error that says how to get it."""
    if found is None:
        raise MissingServer(
            f"{name} is not installed; on Debian or Ubuntu run, as root: {_COMMAND}"
        )
    return found


def install_servers() -> None:
    """Install the servers from Debian's packages, where this is Debian and we are root."""
    install(PACKAGES, "The servers for the tests cannot be installed here")


def install(packages: Sequence[str], otherwise: str) -> None:
    """Install Debian's packages; where that cannot be, MissingServer says `otherwise` and how."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if which("apt-get") is None or os.geteuid() != 0:
        raise MissingServer(f"{otherwise}; on Debian, as root, run: {' '.join(command)}")
    # RUNLEVEL=1 keeps the packages from starting the system's own services.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for each in (["apt-get", "update"], command):
        subprocess.run(each, check=True, env=environment, stdin=subprocess.DEVNULL)


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def new_name() -> str:
    """For a part of a server of one's own: no other process that uses the server takes it too."""
    return f"test{uuid.uuid4().hex[:12]}"


def wait_until(condition: Callable[[], bool], what: str, timeout: float = 60.0) -> None:
    """Poll until the condition holds; TimeoutError names what did not come."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {timeout:g} seconds")
        time.sleep(0.05)


def spawn(
    command: Sequence[str | Path], output: Path, *, folder: Path | None = None, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own. If we are killed it ends, and its folder goes."""
    with output.open("ab") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            start_new_session=True, **options,
        )  # fmt: skip
    tie(process.pid, folder)
    return process


def end(process: subprocess.Popen[bytes] | None, sign: signal.Signals) -> None:
    """Signal a child's whole process group and wait; SIGKILL where it does not go in 20 seconds."""
    if process is None:
        return
    for each in (sign, signal.SIGKILL):
        if process.poll() is None:
            _signal_group(process.pid, each)
        try:
            process.wait(20)
            break
        except subprocess.TimeoutExpired:
            continue
    _signal_group(process.pid, signal.SIGKILL)


def _signal_group(pid: int, sign: signal.Signals) -> None:
    try:
        os.killpg(pid, sign)
    except ProcessLookupError:
        return


def kill_all(pids: Iterable[int]) -> None:
    """SIGKILL, whether or not they are still there."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
