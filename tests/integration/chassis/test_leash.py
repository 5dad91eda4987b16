"""A test run that is killed leaves none of its private servers behind."""

import subprocess
import sys
from pathlib import Path

import psutil

from mvidarr_common.testing.servers import wait_until

SERVERS = """
import sys, threading
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode

with RabbitNode() as node:
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


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
