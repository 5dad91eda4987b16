"""A private Prometheus for tests: what it has scraped, by its own query language.

Like the other servers it is looked for before any package is installed: by the standard library.
"""

import json
import signal
import subprocess
from pathlib import Path
from shutil import which
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from .servers import Private, end, free_ports, require, spawn, wait_until


def prometheus_programs() -> Path:
    """The folder of prometheus and promtool; raises MissingServer."""
    found = which("promtool")
    return require(Path(found).parent if found else None, "Prometheus")


def alertmanager_programs() -> Path:
    """The folder of amtool; raises MissingServer."""
    found = which("amtool")
    return require(Path(found).parent if found else None, "Alertmanager")


class Prometheus(Private):
    """One server with a given configuration, which keeps what it scrapes below `folder`."""

    def __init__(self, folder: Path, configuration: Path) -> None:
        self._folder = folder
        self._configuration = configuration
        self.address = f"127.0.0.1:{free_ports(1)[0]}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        self._process = spawn(
            [prometheus_programs() / "prometheus", f"--config.file={self._configuration}",
             f"--storage.tsdb.path={self._folder / 'series'}",
             f"--web.listen-address={self.address}"],
            self._folder / "prometheus.log",
        )  # fmt: skip
        wait_until(self._ready, "the start of Prometheus")

    def close(self) -> None:
        """Stop it; what it has scraped stays."""
        end(self._process, signal.SIGTERM)

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The rows that answer; raises for what it does not understand."""
        address = f"http://{self.address}/api/v1/query?{urlencode({'query': query})}"
        try:
            with urlopen(address) as answer:  # ours, on loopback
                rows: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        except HTTPError as refused:
            with refused:
                raise ValueError(f"{query}: {json.load(refused)['error']}") from None
        return rows

    def _ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError((self._folder / "prometheus.log").read_text()[-2000:])
        try:
            with urlopen(f"http://{self.address}/-/ready"):  # ours
                return True
        except HTTPError as starting:
            starting.close()
            return False
        except (URLError, ConnectionError):
            return False
