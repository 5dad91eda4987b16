"""Runs a command with a container engine at hand, and a base for images made of Debian's packages.

    python -m mvidarr_common.testing.engine make check-containers

An engine that answers is used, else Docker is installed and started privately where this is root
on Debian; else it says in one sentence what is missing. No registry is needed. What takes long to
make stays in `.mvidarr/containers`. The command finds DOCKER_HOST, DOCKER and PYTHON_IMAGE.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import docker
from docker.errors import DockerException, ImageNotFound

from .keeper import kept
from .provide import MISSING
from .servers import MissingServer, install, wait_until

PACKAGES = ("docker.io", "containerd", "iptables", "debootstrap", "docker-compose")
PROGRAMS = ("dockerd", "containerd", "iptables", "debootstrap", "docker-compose")
IMAGE = "mvidarr/debian:bookworm"
INSIDE = ("ca-certificates", "python3", "python3-venv")
PLACE = Path(".mvidarr/containers")
_DEBIANS_DOCKER = "/usr/bin/docker"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_TRUST = {"SSL_CERT_FILE": _CERTIFICATES, "PIP_CERT": _CERTIFICATES, "UV_SYSTEM_CERTS": "1"}
"""How those who build inside are told of the certificates."""


def main(command: list[str]) -> int:
    """Run the command beside an engine; gives its exit code."""
    try:
        with engine(PLACE.absolute()) as host:
            os.environ |= {"DOCKER_HOST": host, "TESTCONTAINERS_RYUK_DISABLED": "true"}
            os.environ.setdefault("PYTHON_IMAGE", IMAGE)
            if os.environ["PYTHON_IMAGE"] == IMAGE:
                make_base(PLACE.absolute())
            return subprocess.run(command, check=False).returncode
    except MissingServer as missing:
        sys.stderr.write(f"{missing}\n")
        return MISSING


@contextmanager
def engine(place: Path) -> Iterator[str]:
    """The address of one that answers; a private one ends with the block."""
    if answers():
        yield os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        return
    if not all(map(which, PROGRAMS)):
        install(PACKAGES, "No container engine answers, and none can be installed here")
    os.environ["DOCKER"] = _DEBIANS_DOCKER  # newer clients want a plug-in to build
    place.mkdir(parents=True, exist_ok=True)
    host = f"unix://{place}/docker.sock"
    with kept(place, host):
        wait_until(lambda: answers(host), "the start of dockerd", 60)
        yield host


def answers(host: str | None = None) -> bool:
    """Whether an engine can be used."""
    try:
        client = docker.DockerClient(host) if host else docker.from_env()
        with client_closing(client):
            return bool(client.ping())
    except DockerException:
        return False


def make_base(place: Path) -> None:
    """The image that ours are built from, unless it is there."""
    with client_closing(docker.from_env()) as client:
        try:
            client.images.get(IMAGE)
        except ImageNotFound:
            root = place / "rootfs"
            shutil.rmtree(root, ignore_errors=True)
            _debian(root)
            _import(root)
            shutil.rmtree(root)


@contextmanager
def client_closing(client: docker.DockerClient) -> Iterator[docker.DockerClient]:
    """A client that is closed when the block is left."""
    try:
        yield client
    finally:
        client.close()


def _debian(root: Path) -> None:
    """A small Debian with Python. Certificates that this host was told to trust come along."""
    if which("debootstrap") is None or os.geteuid() != 0:
        raise MissingServer("PYTHON_IMAGE names no image, and debootstrap cannot make one here")
    include = f"--include={','.join(INSIDE)}"
    subprocess.run(["debootstrap", "--variant=minbase", include, "bookworm", root], check=True)
    if told := os.environ.get("SSL_CERT_FILE"):
        shutil.copyfile(told, root / _CERTIFICATES.lstrip("/"))
    for folder in ("var/cache/apt/archives", "var/lib/apt/lists"):
        shutil.rmtree(root / folder)
        (root / folder).mkdir()


def _import(root: Path) -> None:
    told = " ".join(f"{name}={value}" for name, value in _TRUST.items())
    change = ["-c", f"ENV {told}"] if "SSL_CERT_FILE" in os.environ else []
    with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as packing:
        command = [os.environ.get("DOCKER", "docker"), "import", *change, "-", IMAGE]
        subprocess.run(command, stdin=packing.stdout, check=True)
    if packing.returncode:
        raise RuntimeError(f"{root} could not be packed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
