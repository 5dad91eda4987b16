"""A test run that is killed leaves none of its private servers behind."""

import os
import subprocess
import sys
from pathlib import Path

import psutil

from mvidarr_common.testing.servers import wait_until

SERVERS = """
import sys, threading
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode

with RabbitNode(thrifty=True) as node:
    # A thread that started a server may end long before the server does.
    server = PostgresServer(fsync=False)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    print(node._folder, server._folder, flush=True)
    sys.stdin.read()
"""


def test_servers_end_with_the_process_that_started_them_and_their_folders_go() -> None:
    command = [sys.executable, "-c", SERVERS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
        assert killed.stdout is not None
        folders = [Path(name.decode()) for name in killed.stdout.readline().split()]
        started = psutil.Process(killed.pid).children(recursive=True)
        names = {each.name() for each in started if _runs(each)}
        assert {"epmd", "beam.smp", "postgres"} <= names, names
        killed.kill()
    wait_until(lambda: not any(map(_runs, started)), "the end of the servers", 20)
    wait_until(lambda: not any(map(Path.exists, folders)), "the end of their folders", 20)
    assert len(folders) == 2


ENGINE = """
import sys
from pathlib import Path
from mvidarr_common.testing.keeper import kept

with kept(Path(sys.argv[1]), "unix:///nowhere"):
    sys.stdin.read()
"""
PROGRAMS = {
    "dockerd": "trap 'echo ended >> said; exit' 15; echo began > said; while sleep 0.1; do :; done",
    "iptables-save": "printf '*filter\\n:INPUT DROP\\nCOMMIT\\n'",
    "iptables-restore": "cat > rules",
    "ip": "echo ip $* >> said",
}


def test_a_container_engine_ends_politely_with_who_started_it_and_the_rules_are_put_back(
    tmp_path: Path,
) -> None:
    for name, script in PROGRAMS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    said, rules = tmp_path / "said", tmp_path / "rules"
    path = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [sys.executable, "-c", ENGINE, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=tmp_path, env=path) as killed:
        wait_until(said.exists, "the start of the engine", 20)
        killed.kill()
    wait_until(lambda: "ip link" in said.read_text(), "the end of the engine", 20)
    assert said.read_text().splitlines() == ["began", "ended", "ip link delete docker0"]
    assert rules.read_text().startswith("*filter\n:INPUT DROP\nCOMMIT\n*nat\n")


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
