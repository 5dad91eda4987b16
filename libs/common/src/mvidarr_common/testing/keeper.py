"""Keeps a private container engine, and takes back all that it has changed on this machine.

The keeper is a program of its own that ends the engine at the end of its input: when it is let go,
or when who has started it was killed.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TABLES = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
}
"""Where the engine has its rules, and the chains that every machine has there."""
_PATIENCE = 60.0


@contextmanager
def kept(place: Path, host: str) -> Iterator[None]:
    """An engine that listens there for as long as the block lasts, and we live."""
    command = [sys.executable, "-m", __name__, str(place), host]
    with (place / "dockerd.log").open("wb") as output:
        keeper = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
        )
    assert keeper.stdin is not None
    try:
        yield
    finally:
        keeper.stdin.close()
        keeper.wait(2 * _PATIENCE)


def main(place: str, host: str) -> None:
    """Until nobody holds the other end of our input."""
    filters = _filters()
    started = _daemon(place, host)
    try:
        sys.stdin.read()
    finally:
        _end(started)
        subprocess.run(["iptables-restore"], input=filters, check=True, text=True)
        subprocess.run(["ip", "link", "delete", "docker0"], check=False)


def _daemon(place: str, host: str) -> subprocess.Popen[bytes]:
    command = ["dockerd", "-H", host, "--pidfile", f"{place}/docker.pid"]
    roots = ["--data-root", f"{place}/data", "--exec-root", f"{place}/exec"]
    return subprocess.Popen([*command, *roots], stdin=subprocess.DEVNULL, start_new_session=True)


def _end(daemon: subprocess.Popen[bytes]) -> None:
    """Politely: it ends its containers, which would go on without it."""
    daemon.terminate()
    try:
        daemon.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _filters() -> str:
    """The rules of the packet filter, to be put back: the engine adds its own. A table that is not
    there yet would not be told, and what is not told is not put back."""
    command = ["iptables-save"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    missing = [table for table in _TABLES if f"*{table}\n" not in told]
    return told + "".join(map(_empty, missing))


def _empty(table: str) -> str:
    chains = "".join(f":{chain} ACCEPT\n" for chain in _TABLES[table])
    return f"*{table}\n{chains}COMMIT\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
