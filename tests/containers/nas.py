"""The all-in-one image as it runs on a NAS: two folders, one port, files that belong to somebody.

Calls block; from a coroutine use `asyncio.to_thread(nas.stop)`.
"""

import re
from pathlib import Path
from typing import Any

import docker
import httpx
from testcontainers.core.container import DockerContainer

from mvidarr_common.cli.access import Access
from mvidarr_common.files import DataRoot
from mvidarr_common.testing.servers import Private, wait_until

from .fleet import GRACE, START_LIMIT, VERSION

OWNER, GROUP = 1234, 2345
TOLD = {"PUID": str(OWNER), "PGID": str(GROUP), "UMASK": "027", "TZ": "Asia/Tokyo"}


class Nas(Private):
    """`with Nas(folder) as nas: …`: one container, with nothing else beside it."""

    def __init__(self, folder: Path) -> None:
        self.config, self.root = folder / "config", DataRoot(folder / "data")
        self._container = DockerContainer(f"mvidarr/all-in-one:{VERSION}")
        self._container.with_envs(MVIDARR_ALLOW_PRIVATE_ADDRESSES="true", **TOLD)
        for place, inside in ((self.config, "/config"), (self.root.path, "/data")):
            place.mkdir(parents=True)  # by root, as Docker itself makes them
            self._container.with_volume_mapping(str(place), inside, "rw")
        self._container.with_exposed_ports(8080)

    def start(self) -> None:
        """Start it, and wait until it is healthy."""
        self._container.start()
        self.wait()

    def close(self) -> None:
        """Remove it; its folders stay."""
        self._container.stop()
        self._container.get_docker_client().client.close()

    def wait(self) -> None:
        """Until the health check of the image is content."""
        wait_until(self._healthy, "the start of all in one", START_LIMIT)

    def stop(self) -> int:
        """SIGTERM, and time to finish; gives the exit code."""
        container = self._container.get_wrapped_container()
        container.stop(timeout=GRACE)
        return int(self.inspected()["State"]["ExitCode"])

    def restart(self) -> None:
        """Start what was stopped, with the same folders."""
        self._container.get_wrapped_container().start()
        self.wait()

    def log_in(self) -> Access:
        """With the password that the first start has made."""
        found = re.findall(
            r"^password: (\S+)$", (self.config / "first-login.txt").read_text(), re.M
        )
        body = {"username": "admin", "password": found[0]}
        ports = self.inspected()["NetworkSettings"]["Ports"]
        address = f"http://127.0.0.1:{ports['8080/tcp'][0]['HostPort']}"
        answer = httpx.post(f"{address}/api/v1/auth/login", json=body, timeout=30)
        return Access(address, token=answer.raise_for_status().json()["accessToken"])

    def run(self, *command: str) -> str:
        """What a command in it prints."""
        done: Any = self._container.get_wrapped_container().exec_run(list(command))
        return str(done.output.decode(errors="replace")).strip()

    def inspected(self) -> dict[str, Any]:
        """Everything that the engine knows of it now."""
        container = self._container.get_wrapped_container()
        container.reload()
        attributes: dict[str, Any] = container.attrs
        return attributes

    @property
    def host(self) -> str:
        """The address of this host, as the container sees it."""
        return str(self.inspected()["NetworkSettings"]["Gateway"])

    def _healthy(self) -> bool:
        state = self.inspected()["State"]
        if state["Status"] == "exited":
            said = self._container.get_wrapped_container().logs(tail=40).decode(errors="replace")
            raise RuntimeError(f"all in one ended with {state['ExitCode']}: {said}")
        return bool(state["Health"]["Status"] == "healthy")


def image() -> Any:
    """What its image says of itself."""
    client = docker.from_env()
    try:
        return client.images.get(f"mvidarr/all-in-one:{VERSION}").attrs["Config"]
    finally:
        client.close()
