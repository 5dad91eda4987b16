"""deploy/compose.yaml on a real engine: started in order of health, and scaled while it works."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import docker
import httpx
import pytest
import yaml

from mvidarr_common.cli.access import Access
from mvidarr_common.cli.client import Client, open_client
from mvidarr_common.cli.workers import HEARTBEAT, heard
from mvidarr_common.demo.media import Conduct
from mvidarr_common.demo.samples import Sample
from mvidarr_common.demo.site import Site
from mvidarr_common.files import DataRoot
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.outside import add, ended, nothing_left, nothing_lost, times_told
from mvidarr_common.testing.servers import free_ports, wait_until

from .fleet import VERSION

pytestmark = pytest.mark.timeout(900)

DEPLOY = Path(__file__).parents[2] / "deploy"
LEFT_OUT = ("prometheus", "alertmanager", "grafana", "collector")
PATIENCE = 300.0


class Project:
    """The five services and their servers, as compose.yaml describes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = DataRoot(folder / "data")
        self.port = free_ports(1)[0]
        self.name = f"mvidarr{self.port}"

    def compose(self, *words: str) -> str:
        """Debian's docker-compose; its output is what it prints."""
        command = ["docker-compose", "-p", self.name, "-f", str(self.folder / "compose.yaml")]
        environment = os.environ | {
            "MVIDARR_DATA": str(self.root.path), "MVIDARR_PORT": str(self.port),
            "MVIDARR_VERSION": VERSION,
        }  # fmt: skip
        done = subprocess.run(
            [*command, *words], check=False, capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def running(self, service: str) -> int:
        """How many containers of a service run and are healthy."""
        client = docker.from_env()
        try:
            labels = [
                f"com.docker.compose.project={self.name}",
                f"com.docker.compose.service={service}",
            ]
            found = client.containers.list(filters={"label": labels, "health": "healthy"})
            return len(found)
        finally:
            client.close()

    def log_in(self) -> Access:
        """With the password from the file of secrets."""
        password = (self.folder / "secrets" / "admin-password").read_text()
        answers: list[httpx.Response] = []
        address = f"http://127.0.0.1:{self.port}"

        def logged_in() -> bool:
            body = {"username": "admin", "password": password}
            answers[:] = [httpx.post(f"{address}/api/v1/auth/login", json=body, timeout=30)]
            return answers[0].is_success

        wait_until(logged_in, "the first login")
        return Access(address, token=answers[0].json()["accessToken"])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Up, with two transcoders."""
    project = Project(tmp_path_factory.mktemp("compose"))
    project.root.path.mkdir()
    os.chown(project.root.path, 10001, 10001)
    secrets = [sys.executable, str(DEPLOY / "make_secrets.py"), str(project.folder / "secrets")]
    subprocess.run(secrets, check=True)
    (project.folder / "compose.yaml").write_text(yaml.safe_dump(for_this_engine()))
    try:
        project.compose("up", "-d", "--no-build", "--scale", "transcoder=2")
        for service, count in (("transcoder", 2), ("downloader", 1), ("api-gateway", 1)):
            wait_until(lambda s=service, n=count: project.running(s) == n, f"{service}", 180)  # type: ignore[misc]  # defaults bind the loop's names
        yield project
    finally:
        print(project.compose("logs", "--tail", "15"))  # noqa: T201  # pytest shows it
        project.compose("down", "-v", "-t", "10")


@pytest.fixture
async def client(project: Project) -> AsyncIterator[Client]:
    """The administrator."""
    async with open_client(project.log_in(), patience=60) as client:
        yield client


@pytest.fixture
async def site(project: Project, samples: list[Sample]) -> AsyncIterator[Site]:
    """Where videos come from, on this host, at the door of the network to the world."""
    client = docker.from_env()
    world = client.networks.get(f"{project.name}_world").attrs["IPAM"]["Config"][0]["Gateway"]
    client.close()
    async with Site(samples, host=world) as site:
        yield site


async def test_workers_are_scaled_up_and_down_while_they_work(
    project: Project, client: Client, site: Site, samples: list[Sample]
) -> None:
    whole = [sample.slug for sample in samples if not sample.damaged]
    for slug in whole:
        site.media[slug] = Conduct(rate=200_000)
    asked = [(await add(client, f"{site.url(slug)}?{n}")).id for n in range(3) for slug in whole]
    scale = ("up", "-d", "--no-build", "--no-recreate")
    project.compose(*scale, "--scale", "transcoder=3", "--scale", "downloader=2")
    await eventually(lambda: project.running("transcoder") == 3, PATIENCE, every=0.5)
    await eventually(lambda: project.running("downloader") == 2, PATIENCE, every=0.5)
    assert await working(client, "transcode") == 3
    project.compose(*scale, "--scale", "transcoder=1", "--scale", "downloader=1")
    videos = await ended(client, asked, PATIENCE)
    assert [(video.state, video.failure) for video in videos] == [("ready", None)] * len(asked)
    for video in videos:
        assert await times_told(client, "event.video.ready", video.id) == 1
    await nothing_lost(client, videos, project.root, PATIENCE)
    await nothing_left(project.root, PATIENCE)


async def working(client: Client, queue: str) -> int:
    """How many live workers have slots for a queue, by their own words."""
    words = (await heard(client, 3 * HEARTBEAT)).values()
    return sum(1 for word in words if word.slots.get(queue) and not word.leaving)


def for_this_engine() -> dict[str, Any]:
    """compose.yaml as Debian's docker-compose 1.29 reads it, with our own images of the servers:
    it knows neither names of projects nor configs outside of a swarm, and has them mounted."""
    made: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    configs = {key: value["file"] for key, value in made.pop("configs").items()}
    del made["name"]
    for name in LEFT_OUT:
        del made["services"][name]
    for service in made["services"].values():
        service.pop("build", None)
    rabbit = made["services"]["rabbitmq"]
    rabbit["image"], made["services"]["postgres"]["image"] = (
        "mvidarr/rabbitmq:test", "mvidarr/postgres:test",
    )  # fmt: skip
    rabbit["volumes"] += [
        f"{(DEPLOY / configs[each['source']]).resolve()}:{each['target']}:ro"
        for each in rabbit.pop("configs")
    ]
    for service in made["services"].values():
        if "MVIDARR_HOST" in (service.get("environment") or {}) or "downloader" in service["image"]:
            service["environment"]["MVIDARR_ALLOW_PRIVATE_ADDRESSES"] = "true"
            service["environment"]["MVIDARR_TOKEN_LIFETIME"] = "86400"
    return made
