"""What is in the images, and what a process inside of them may do."""

import json

import docker
import pytest

from .fleet import SERVICES, VERSION, Fleet

NAMES = tuple(dict.fromkeys(name.partition("#")[0] for name in SERVICES))
BUILDERS = ("gcc", "cc", "make", "uv", "git")
LARGEST = {
    "transcoder": 450,
    "downloader": 350,
    "catalog": 250,
    "api-gateway": 150,
    "notifier": 150,
    "all-in-one": 650,
}
"""Megabytes that an image may have above its base. FFmpeg's wheel alone has 173."""


@pytest.mark.parametrize("name", NAMES)
def test_images_hold_their_bill_of_materials(name: str, fleet: Fleet) -> None:
    code, found = fleet.run_in(_one(name, fleet), "cat", "/app/sbom.cdx.json")
    assert code == 0
    components = {each["name"] for each in json.loads(found)["components"]}
    assert {"mvidarr-common", f"mvidarr-{name}", "aio-pika"} <= components
    assert ("imageio-ffmpeg" in components) == (name in ("downloader", "transcoder"))


@pytest.mark.parametrize("name", LARGEST)
def test_images_are_small(name: str) -> None:
    assert _own_megabytes(name) < LARGEST[name]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_the_result_can_build(name: str, fleet: Fleet) -> None:
    script = "import shutil, sys; print([n for n in sys.argv[1:] if shutil.which(n)])"
    assert fleet.run_in(_one(name, fleet), "python3", "-c", script, *BUILDERS) == (0, "[]\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_process_has_no_rights_and_cannot_write_its_root(name: str, fleet: Fleet) -> None:
    _, status = fleet.run_in(_one(name, fleet), "cat", "/proc/1/status")
    told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert told["Uid"].split() == ["10001"] * 4
    assert (int(told["CapEff"], 16), told["NoNewPrivs"], told["Seccomp"]) == (0, "1", "2")
    code, said = fleet.run_in(_one(name, fleet), "touch", "/app/anything")
    assert code != 0
    assert "Read-only file system" in said


def _one(name: str, fleet: Fleet) -> str:
    """Of those that run now: others of their kind may have taken their place."""
    return next(each for each in fleet.running if each.partition("#")[0] == name)


def _own_megabytes(name: str) -> float:
    """The layers that deploy/Dockerfile adds to its base."""
    client = docker.from_env()
    try:
        history = client.images.get(f"mvidarr/{name}:{VERSION}").history()
        base = next(
            i
            for i, layer in enumerate(history)
            if layer["Size"] and "COPY" not in layer["CreatedBy"]
        )
        size: float = sum(layer["Size"] for layer in history[:base]) / 1e6
    finally:
        client.close()
    print(f"mvidarr/{name}: {size:.0f} MB above its base")  # noqa: T201  # the report
    return size
