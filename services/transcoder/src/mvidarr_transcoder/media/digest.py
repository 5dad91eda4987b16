"""The SHA-256 of a file, in a thread beside other work, so that reading it costs little time."""

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

_CHUNK = 4 << 20


def sha256_of(path: str, on_bytes: Callable[[int], None] = lambda _: None) -> str:
    """Hash a file; `on_bytes` hears how far it is."""
    digest, done = hashlib.sha256(), 0
    with Path(path).open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            on_bytes(done)
    return digest.hexdigest()


class BesideDigest:
    """A hash that is computed while the caller does something else."""

    def __init__(self, path: str) -> None:
        self.done = 0
        self._pool = ThreadPoolExecutor(1)
        self._hash: Future[str] = self._pool.submit(sha256_of, path, self._at)

    def _at(self, done: int) -> None:
        self.done = done

    def result(self, while_waiting: Callable[[int], None]) -> str:
        """Wait for it, telling how many bytes are done, whenever there are more."""
        told = -1
        while True:
            try:
                return self._hash.result(timeout=0.5)
            except TimeoutError:
                if self.done > told:
                    told = self.done
                    while_waiting(told)

    def close(self) -> None:
        """Let the thread go."""
        self._pool.shutdown(wait=False, cancel_futures=True)
