"""A running system and its servers, and everything that can be done to them, each by its name.

What is done to it comes back by itself: a killed process is started again at once and not waited
for, a frozen one goes on and a full disk is emptied after some further injuries.
"""

import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.system import System

CATALOGS = ("catalog#1", "catalog#2")
WORKERS = ("downloader#1", "downloader#2", "transcoder#1", "transcoder#2")
PROCESSES = (*CATALOGS, *WORKERS, "api-gateway")

LASTS = 6
"""Injuries that come and go at most while one is frozen or the disk is full."""


@dataclass
class Ward:
    """Calls block, and are made by one thread at a time."""

    system: System
    node: RabbitNode
    postgres: PostgresServer
    database_url: str
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)
    restarted: Counter[str] = field(default_factory=Counter)
    _heals: dict[str, int] = field(default_factory=dict)

    def injure(self, name: str) -> None:
        """One injury, and an end to those whose time has come."""
        INJURIES[name](self)
        self.done[name] += 1
        self._heals = {what: left - 1 for what, left in self._heals.items()}
        for what in [what for what, left in self._heals.items() if left <= 0]:
            self._heal(what)
        self.tend()

    def tend(self) -> None:
        """Start again what has ended by itself, as an orchestrator does."""
        for name in self.system.ended():
            self.restarted[name] += 1
            self.system.begin(name)

    def heal(self) -> None:
        """Nothing is wrong any more, and every process is there."""
        for what in tuple(self._heals):
            self._heal(what)
        self.tend()

    @property
    def kills(self) -> int:
        """How many of the injuries were a SIGKILL."""
        return sum(count for name, count in self.done.items() if name.startswith("kill"))

    def leader(self) -> str | None:
        """The catalog that leads, by its own word."""
        leading = [c for c in CATALOGS if self.system.measure(c, "mvidarr_leader") == 1]
        return leading[0] if leading else None

    def kill(self, name: str) -> None:
        """SIGKILL, and a new one at once."""
        self._heals.pop(name, None)
        self.system.kill(name)
        self.system.begin(name)

    def freeze(self, name: str) -> None:
        """SIGSTOP; one of its kind is left to do the work."""
        for frozen in tuple(self._heals):
            if frozen.partition("#")[0] == name.partition("#")[0]:
                self._heal(frozen)
        os.kill(self.system.pid(name), signal.SIGSTOP)
        self._heals[name] = self.chance.randint(1, LASTS)

    def fill_disk(self) -> None:
        """Leave no byte in the data root."""
        room = os.statvfs(self.system.root.path)
        with suppress(OSError), self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, room.f_bavail * room.f_frsize))
        self._heals[_DISK] = self.chance.randint(1, 2)

    @property
    def _ballast(self) -> Path:
        return self.system.root.path / ".ballast"

    def _heal(self, what: str) -> None:
        del self._heals[what]
        if what == _DISK:
            self._ballast.unlink(missing_ok=True)
        else:
            os.kill(self.system.pid(what), signal.SIGCONT)


_DISK = "disk"


def mount_small_disk(folder: Path, megabytes: int) -> bool:
    """A small file system of its own, where we may make one."""
    folder.mkdir(parents=True)
    options = ["-o", f"size={megabytes}m"]
    command = ["mount", "-t", "tmpfs", *options, "mvidarr-chaos", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, check=False).returncode == 0


def unmount(folder: Path) -> None:
    """Remove it with all that is in it."""
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _leader(ward: Ward) -> str:
    return ward.leader() or ward.chance.choice(CATALOGS)


def _standby(ward: Ward) -> str:
    leader = _leader(ward)
    return next(name for name in CATALOGS if name != leader)


def _one_of(service: str) -> Callable[[Ward], str]:
    names = [name for name in PROCESSES if name.startswith(service)]
    return lambda ward: ward.chance.choice(names)


def _kill(which: Callable[[Ward], str]) -> Callable[[Ward], None]:
    return lambda ward: ward.kill(which(ward))


def _freeze(which: Callable[[Ward], str]) -> Callable[[Ward], None]:
    return lambda ward: ward.freeze(which(ward))


def _kill_broker(ward: Ward) -> None:
    ward.node.kill()
    ward.node.start()


def _restart_broker_app(ward: Ward) -> None:
    ward.node.stop_app()
    ward.node.start_app()


def _raise_alarm(ward: Ward) -> None:
    ward.node.memory_alarm(on=True)
    ward.node.memory_alarm(on=False)


def _kill_database(ward: Ward) -> None:
    ward.postgres.kill()
    ward.postgres.start()


INJURIES: dict[str, Callable[[Ward], None]] = {
    "kill the broker": _kill_broker,
    "kill the database": _kill_database,
    "kill the leading catalog": _kill(_leader),
    "kill the standby catalog": _kill(_standby),
    "kill a downloader": _kill(_one_of("downloader")),
    "kill a transcoder": _kill(_one_of("transcoder")),
    "kill the gateway": _kill(_one_of("api-gateway")),
    "stop and start the broker's application": _restart_broker_app,
    "cut all connections to the broker": lambda ward: ward.node.close_connections(),
    "raise and clear the memory alarm": _raise_alarm,
    "freeze a worker": _freeze(lambda ward: ward.chance.choice(WORKERS)),
    "freeze the leading catalog": _freeze(_leader),
    "fill the disk": Ward.fill_disk,
}

OFTEN = {
    "kill the database": 4, "kill the leading catalog": 4, "kill the standby catalog": 4,
    "kill a downloader": 6, "kill a transcoder": 6, "kill the gateway": 4, "freeze a worker": 2,
}  # fmt: skip
"""How often an injury lies in the long run's deck; the others once."""


def short_deck(chance: random.Random) -> list[str]:
    """Each injury once, in random order."""
    return chance.sample(list(INJURIES), len(INJURIES))


def long_deck(chance: random.Random) -> list[str]:
    """The cheap ones more often than the slow ones, in random order."""
    deck = [name for name in INJURIES for _ in range(OFTEN.get(name, 1))]
    return chance.sample(deck, len(deck))
