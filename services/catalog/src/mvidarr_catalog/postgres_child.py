"""Becomes what PostgreSQL accepts, ties its life to its parent, and turns into the program.

Run as a script: `python postgres_child.py <parent pid> <"tied" or "free"> <program> <argument>…`.
PostgreSQL refuses to run as root: then this becomes `nobody`, and where nobody may not reach the
program or the data (a home directory of root), it keeps the one capability to look there.
It imports little, since it stands before every start.
"""

import ctypes
import os
import signal
import sys

NOBODY = 65534
_SET_DEATH_SIGNAL, _SET_KEEP_CAPABILITIES, _SET_BITS, _AMBIENT, _AMBIENT_RAISE = 1, 8, 28, 47, 2
_NO_FIXUP = 1 << 2
_OVERRIDE, _READ_SEARCH, _BITS = 1, 2, 8
_CAPABILITY_VERSION_3 = 0x20080522


def main(parent: int, tied: bool, program: str, arguments: list[str]) -> None:
    """Never returns."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        _become_nobody(libc, program)
    if tied and sys.platform == "linux":
        libc.prctl(_SET_DEATH_SIGNAL, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the parent has gone")
    os.execv(program, [program, *arguments])  # noqa: S606


def _become_nobody(libc: ctypes.CDLL, program: str) -> None:
    needed = (program, os.getcwd())  # noqa: PTH109  # imports little
    if sys.platform == "linux":
        libc.prctl(_SET_KEEP_CAPABILITIES, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    reachable = all(os.access(path, os.R_OK | os.X_OK) for path in needed)
    if not reachable and sys.platform == "linux":
        any(_keep(libc, capability) for capability in (_READ_SEARCH, _OVERRIDE))


def _keep(libc: ctypes.CDLL, capability: int) -> bool:
    """Hold one capability across exec; False where we do not have it.

    PostgreSQL looks for its programs with access(2), which counts the capabilities of others than
    root only where the bit says that they are not fixed up for the user (capabilities(7)).
    """
    if _hold(libc, capability, _BITS):
        libc.prctl(_SET_BITS, _NO_FIXUP, 0, 0, 0)
    if not _hold(libc, capability):
        return False
    return bool(libc.prctl(_AMBIENT, _AMBIENT_RAISE, capability, 0, 0) == 0)


def _hold(libc: ctypes.CDLL, *capabilities: int) -> bool:
    """Have exactly these; False where we do not have them all."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    held = sum(1 << each for each in capabilities)
    return bool(libc.capset(header, (ctypes.c_uint32 * 6)(held, held, held, 0, 0, 0)) == 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "tied", sys.argv[3], sys.argv[4:])
