"""The whole of MVidarr as containers on a network of their own, as locked up as in production.

Calls block; from a coroutine use `asyncio.to_thread(fleet.kill, …)`.
"""

import os
import secrets
from pathlib import Path
from typing import Any

import docker
import httpx
from docker.models.containers import Container
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from mvidarr_common.cli.access import Access
from mvidarr_common.files import DataRoot
from mvidarr_common.secrets import new_key
from mvidarr_common.testing.servers import wait_until

VERSION = os.environ.get("VERSION", "dev")
WORKERS = ("downloader#1", "downloader#2", "transcoder#1", "transcoder#2")
SERVICES = ("catalog", "api-gateway", "notifier", *WORKERS)
USER = 10001
START_LIMIT = 180.0
GRACE = 60
LOCKED: dict[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "mem_limit": "2g",
    "pids_limit": 512,
    "init": True,
}

_BROKER = """\
default_user = {user}
default_pass = {password}
loopback_users = none
consumer_timeout = 43200000
"""


class Fleet:
    """`with Fleet(folder) as fleet: …`: broker, database and every service, until the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = DataRoot(folder / "data")
        self.running: dict[str, Container] = {}
        self.network = Network()
        self._client = docker.from_env()
        self._clients = [self._client, self.network._docker.client]
        self._password = secrets.token_urlsafe(16)
        self._broker = f"mvidarr:{secrets.token_urlsafe(16)}"
        self._key = new_key()

    def __enter__(self) -> "Fleet":
        self.root.path.mkdir(parents=True)
        os.chown(self.root.path, USER, USER)
        self.network.create()
        try:
            self._start_servers()
            self.start(*SERVICES)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    @property
    def host(self) -> str:
        """The address of this host, as the containers see it."""
        network = self._client.networks.get(self.network.name)
        return str(network.attrs["IPAM"]["Config"][0]["Gateway"])

    @property
    def address(self) -> str:
        """The API of the newest gateway."""
        names = [name for name in self.running if name.startswith("api-gateway")]
        ports = self.inspected(names[-1])["NetworkSettings"]["Ports"]
        return f"http://127.0.0.1:{ports['8080/tcp'][0]['HostPort']}"

    def start(self, *names: str, **limits: object) -> None:
        """Start services, such as "transcoder#3", and wait until they are healthy."""
        for name in names:
            self.running[name] = self._started(name, self._service(name), **LOCKED | limits)
        for name in names:
            wait_until(lambda name=name: self.healthy(name), f"the start of {name}", START_LIMIT)  # type: ignore[misc]  # a default binds the loop's name

    def healthy(self, name: str) -> bool:
        """Whether the health check of its image says so; raises RuntimeError if it has ended."""
        state = self.inspected(name)["State"]
        if state["Status"] == "exited":
            raise RuntimeError(f"{name} ended with {state['ExitCode']}: {self.tail(name)}")
        return bool(state["Health"]["Status"] == "healthy")

    def kill(self, name: str) -> None:
        """SIGKILL to everything in the container."""
        container = self.running.pop(name)
        container.kill()
        container.remove(force=True)

    def stop(self, name: str) -> int:
        """SIGTERM, and time to finish; gives the exit code."""
        container = self.running.pop(name)
        container.stop(timeout=GRACE)
        container.reload()
        code = int(container.attrs["State"]["ExitCode"])
        container.remove()
        return code

    def roll(self, name: str) -> int:
        """Start another of the same kind, then stop this one; gives its exit code."""
        self.start(f"{name}#next")
        return self.stop(name)

    def limit(self, name: str, *, beyond: int) -> None:
        """Let it have so many megabytes more than it uses now, and none to swap."""
        told: Any = self.running[name].stats(stream=False)
        limit = told["memory_stats"]["usage"] + beyond * 2**20
        self.running[name].update(mem_limit=limit, memswap_limit=limit)

    def killed_for_memory(self, name: str) -> int:
        """How often the kernel has ended something in it for want of memory."""
        files = ["memory/memory.oom_control", "memory.events"]
        script = f"for f in {' '.join(files)}; do cat /sys/fs/cgroup/$f 2>&-; done"
        _, told = self.run_in(name, "sh", "-c", script)
        return sum(int(n) for word, n in map(str.split, told.splitlines()) if word == "oom_kill")

    def inspected(self, name: str) -> dict[str, Any]:
        """Everything that the engine knows of it now."""
        container = self.running[name]
        container.reload()
        attributes: dict[str, Any] = container.attrs
        return attributes

    def run_in(self, name: str, *command: str) -> tuple[int, str]:
        """Exit code and output of a command in its container."""
        done = self.running[name].exec_run(list(command))
        output: Any = done.output
        return int(done.exit_code or 0), str(output.decode(errors="replace"))

    def tail(self, name: str) -> str:
        """The end of what it has printed."""
        said: Any = self.running[name].logs(tail=60)
        return str(said.decode(errors="replace"))

    def log_in(self) -> Access:
        """As the administrator, who is made a moment after the first start."""
        body = {"username": "admin", "password": self._password}
        answers: list[httpx.Response] = []

        def logged_in() -> bool:
            answers[:] = [httpx.post(f"{self.address}/api/v1/auth/login", json=body, timeout=30)]
            return answers[0].is_success

        wait_until(logged_in, "the first login")
        return Access(self.address, token=answers[0].json()["accessToken"])

    def close(self) -> None:
        """Remove every container and the network."""
        for container in self.running.values():
            container.remove(force=True, v=True)
        self.running.clear()
        self.network.remove()
        for client in self._clients:
            client.close()

    def _start_servers(self) -> None:
        user, _, password = self._broker.partition(":")
        conf = self._kept("rabbitmq.conf", _BROKER.format(user=user, password=password))
        secret = self._kept("postgres-password", password)
        broker = DockerContainer("mvidarr/rabbitmq:test")
        broker.with_volume_mapping(conf, "/etc/rabbitmq/rabbitmq.conf", "ro")
        database = DockerContainer("mvidarr/postgres:test")
        database.with_volume_mapping(secret, "/run/secrets/password", "ro")
        database.with_envs(
            POSTGRES_USER=user,
            POSTGRES_DB="mvidarr",
            POSTGRES_PASSWORD_FILE="/run/secrets/password",
        )
        self.running |= {
            "rabbitmq": self._started("rabbitmq", broker),
            "postgres": self._started("postgres", database),
        }
        for name, port in (("rabbitmq", 5672), ("postgres", 5432)):
            ask = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
            wait_until(
                lambda name=name, ask=ask: self.run_in(name, "python3", "-c", ask)[0] == 0,  # type: ignore[misc]  # defaults bind the loop's names
                f"the start of {name}", START_LIMIT,
            )  # fmt: skip

    def _kept(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def _service(self, name: str) -> DockerContainer:
        service = name.partition("#")[0]
        _, _, password = self._broker.partition(":")
        settings = {
            "amqp_url": f"amqp://{self._broker}@rabbitmq:5672/",
            "database_url": f"postgresql://mvidarr:{password}@postgres:5432/mvidarr",
            "instance_key": self._key,
            "admin_password": self._password,
            "allow_private_addresses": "true",
            "log_format": "text",
            "token_lifetime": "86400",
            "host": "0.0.0.0",  # inside the container
            "grace": str(GRACE - 10),
        }
        container = DockerContainer(f"mvidarr/{service}:{VERSION}")
        container.with_tmpfs_mount("/tmp", "size=512m,mode=1777")  # inside the container
        container.with_volume_mapping(str(self.root.path), "/data", "rw")
        container.with_envs(**{f"MVIDARR_{key.upper()}": value for key, value in settings.items()})
        return container.with_exposed_ports(8080) if service == "api-gateway" else container

    def _started(self, name: str, container: DockerContainer, **options: object) -> Container:
        host = name.replace("#", "-")
        container.with_network(self.network).with_network_aliases(host)
        container.with_kwargs(hostname=host, **options)
        self._clients.append(container.get_docker_client().client)
        return container.start().get_wrapped_container()
