"""The whole of MVidarr as an operator runs it: real child processes, to be looked at and killed.

    with System(folder, SEPARATE, amqp_url=…, database_url=…) as system:
        access = system.log_in()
        system.kill("transcoder#2"); system.start("transcoder#2")

Calls block; from a coroutine use `asyncio.to_thread(system.kill, …)`.
"""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import httpx

from mvidarr_common.cli.access import Access
from mvidarr_common.files import DataRoot
from mvidarr_common.secrets import new_key

from .servers import PLAIN, Private, end, free_ports, spawn, wait_until

EMBEDDED = ("up",)
"""Every service in one process."""

SEPARATE = (
    "catalog", "api-gateway", "notifier",
    "downloader#1", "downloader#2", "transcoder#1", "transcoder#2",
)  # fmt: skip
"""Every service in a process of its own, and two of each kind of worker."""

_MAIN = "from mvidarr_common.cli import main; main()"
_START_LIMIT = 90.0
_STOP_LIMIT = 45.0
_TAIL = 4000


class System(Private):
    """The processes of one installation. What ended them is in `codes`."""

    def __init__(
        self,
        folder: Path,
        processes: Sequence[str] = EMBEDDED,
        *,
        amqp_url: str | None = None,
        database_url: str | None = None,
        **settings: object,
    ) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.processes = tuple(processes)
        self.root = DataRoot(self.folder / "data")
        self.username, self.password = "admin", secrets.token_urlsafe(16)
        self.key = str(settings.pop("instance_key", None) or new_key())
        api, *ports = free_ports(1 + len(processes))
        self.address = f"http://127.0.0.1:{api}"
        self.codes: dict[str, int] = {}
        self._health = dict(zip(processes, ports, strict=True))
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._settings: dict[str, object] = {
            "state_dir": self.folder / "state",
            "data_root": self.root.path,
            "instance_key": self.key,
            "port": api,
            "admin_password": self.password,
            "log_format": "text",
            "requests_per_address": 0,
            "requests_per_user": 0,
            "token_lifetime": 86400,
            "amqp_url": amqp_url,
            "database_url": database_url,
            **settings,
        }

    def start(self, *names: str) -> None:
        """Start these processes, or all, and wait until they are ready."""
        chosen = names or self.processes
        self.begin(*chosen)
        for name in chosen:
            wait_until(lambda name=name: self.ready(name), f"the start of {name}", _START_LIMIT)  # type: ignore[misc]  # a default binds the loop's name

    def begin(self, *names: str) -> None:
        """Start these processes and do not wait for them."""
        for name in names:
            self._running[name] = self._spawn(name)

    def ended(self) -> list[str]:
        """The processes that have ended by themselves."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def measure(self, name: str, metric: str) -> float | None:
        """What this process says of a metric without labels; None while it does not answer."""
        with suppress(httpx.HTTPError):
            address = f"http://127.0.0.1:{self._health[name]}/metrics"
            text = httpx.get(address, timeout=5, verify=PLAIN).text
            lines = (line.split(" ") for line in text.splitlines())
            return next((float(line[1]) for line in lines if line[0] == metric), None)
        return None

    def _spawn(self, name: str) -> subprocess.Popen[bytes]:
        service = name.partition("#")[0]
        command = ["up"] if service == "up" else ["run", service]
        return spawn(
            [sys.executable, "-c", _MAIN, *command], self.log_of(name),
            cwd=self.folder, env=self._environment(name),
        )  # fmt: skip

    def _environment(self, name: str) -> dict[str, str]:
        """Of ours only what is not about MVidarr."""
        told = self._settings | {"metrics_port": self._health[name]}
        ours = {key: value for key, value in os.environ.items() if not key.startswith("MVIDARR_")}
        return ours | {f"MVIDARR_{k.upper()}": str(v) for k, v in told.items() if v is not None}

    def ready(self, name: str) -> bool:
        """Whether this process takes work; raises RuntimeError if it has ended."""
        code = self._running[name].poll()
        if code is not None:
            raise RuntimeError(f"{name} ended with {code}: {self.tail(name)}")
        addresses = [f"http://127.0.0.1:{self._health[name]}"]
        if name.startswith(("up", "api-gateway")):
            addresses.append(self.address)
        return all(_answers(f"{address}/health/ready") for address in addresses)

    def metrics_port(self, name: str) -> int:
        """Where this process tells of its health and its metrics."""
        return self._health[name]

    def pid(self, name: str) -> int:
        """The process itself; its children are in sessions of their own."""
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """SIGKILL to this process alone: what it has started must end by itself."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def stop(self, *names: str) -> None:
        """SIGTERM to these, or to all, at once; what does not end in time is killed."""
        leaving = {name: self._running.pop(name) for name in names or tuple(self._running)}
        for process in leaving.values():
            process.terminate()
        for name, process in leaving.items():
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_LIMIT)
            end(process, signal.SIGKILL)
            self.codes[name] = process.returncode

    def close(self) -> None:
        """Stop everything, and end what should have ended by itself."""
        self.stop()
        for pid in self.remains():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def remains(self) -> list[int]:
        """Every process of this installation: what names its folder in its command line or its
        environment, or works inside of it."""
        named = os.fsencode(self.folder)
        return [pid for pid in _pids() if pid != os.getpid() and _names(pid, named)]

    def log_in(self) -> Access:
        """As the administrator, who is made a moment after the first start."""
        body = {"username": self.username, "password": self.password}
        answers: list[httpx.Response] = []

        def logged_in() -> bool:
            address = f"{self.address}/api/v1/auth/login"
            answers[:] = [httpx.post(address, json=body, timeout=30, verify=PLAIN)]
            return answers[0].is_success

        wait_until(logged_in, "the first login")
        return Access(self.address, token=answers[0].json()["accessToken"])

    def log_of(self, name: str) -> Path:
        """What this process prints, over all its lives."""
        return self.folder / f"{name}.log"

    def tail(self, name: str) -> str:
        """The end of it."""
        path = self.log_of(name)
        return path.read_bytes()[-_TAIL:].decode(errors="replace") if path.exists() else ""


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=5, verify=PLAIN).is_success
    return False


def _pids() -> Iterable[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _names(pid: int, what: bytes) -> bool:
    """A zombie has neither, and does not count."""
    process = Path(f"/proc/{pid}")
    with suppress(OSError):
        told = (process / "cmdline").read_bytes() + b"\0" + (process / "environ").read_bytes()
        return what in told or os.fsencode((process / "cwd").readlink()).startswith(what)
    return False
