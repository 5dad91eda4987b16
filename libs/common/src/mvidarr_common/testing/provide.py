"""Runs the tests' command once the servers that it needs are there.

    python -m mvidarr_common.testing.provide make check
    python -m mvidarr_common.testing.provide                # what can be installed, and no more

Present: runs it. Root on Debian: installs them from Debian's packages first. A container engine:
runs it as root in a Debian container, on a copy of this folder; TEST_IMAGE names another image
than the usual one, such as one that is here already. Else: says in one sentence what to install.
Without a command it needs the standard library alone, so that packages can be installed meanwhile.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .mariadb import mariadb_programs
from .postgres import postgres_programs
from .prometheus import alertmanager_programs, prometheus_programs
from .rabbitmq import rabbitmq_programs
from .servers import MissingServer, install_servers

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

IMAGE = "python:3.11-bookworm"
INSIDE = """
command -v make > /dev/null || { apt-get update; apt-get install -y --no-install-recommends make; }
mkdir /mvidarr && cd /mvidarr
tar -C /source --exclude ./.venv --exclude ./.mvidarr -c . | tar -x
make --no-print-directory install .venv/.footage
.venv/bin/python -m mvidarr_common.testing.provide """
MISSING = 3
"""Exit code when there is no way to get the servers."""


def main(command: list[str]) -> int:
    """Provide the servers and run the command; gives its exit code."""
    try:
        _provide()
    except MissingServer as missing:
        return _in_container(missing, command) if command else 0
    return subprocess.run(command, check=False).returncode if command else 0


def _provide() -> None:
    try:
        rabbitmq_programs()
        postgres_programs()
        mariadb_programs()
        prometheus_programs()
        alertmanager_programs()
    except MissingServer:
        install_servers()


def _in_container(missing: MissingServer, command: list[str]) -> int:
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"  # `with` removes it; no second image
    from docker.errors import DockerException
    from testcontainers.core.container import DockerContainer

    try:
        container = (
            DockerContainer(os.environ.get("TEST_IMAGE", IMAGE))
            .with_volume_mapping(str(Path.cwd()), "/source", "ro")
            .with_command("sleep infinity")
        )
        with container:
            return _stream(container, INSIDE + shlex.join(command))
    except DockerException as error:
        sys.stderr.write(f"{missing} (and no container engine answers: {error})\n")
        return MISSING


def _stream(container: "DockerContainer", script: str) -> int:
    """Run the tests inside, their output on ours."""
    api = container.get_docker_client().client.api
    run = api.exec_create(container.get_container_id(), ["bash", "-ec", script])
    for chunk in api.exec_start(run["Id"], stream=True):
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
    return int(api.exec_inspect(run["Id"])["ExitCode"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
