"""Passwords are hashed with Argon2id in threads, a few at a time: each takes 64 MiB."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mvidarr_common.errors import TooMany

AT_ONCE = 2
NO_PASSWORD = "!"  # noqa: S105  # that is what it is
"""The hash of those who never log in with one."""
MOST_WAITING = 20


class Passwords:
    """Hashes and checks passwords; a check of nobody takes as long as one of somebody."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._nobody = of_nobody(self._hasher)
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}

    async def hash(self, password: str) -> str:
        """An Argon2id hash with its own salt."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, known: str | None, password: str) -> bool:
        """Whether the password belongs to the hash; always no when there is none."""
        usable = known if known is not None and known.startswith("$argon2") else None
        async with self._places:
            right = await asyncio.to_thread(self._check, usable or self._nobody, password)
        return right and usable is not None

    @asynccontextmanager
    async def turn(self, whose: str) -> AsyncIterator[None]:
        """Only one at a time of those who share this."""
        lock, waiting = self._turns.get(whose, (asyncio.Lock(), 0))
        if waiting >= MOST_WAITING:
            raise TooMany("login_paused", "Too many logins wait already.", after=5)
        self._turns[whose] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            self._leave(whose)

    def _leave(self, whose: str) -> None:
        lock, waiting = self._turns.pop(whose)
        if waiting > 1:
            self._turns[whose] = lock, waiting - 1

    def _check(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False


def of_nobody(hasher: PasswordHasher) -> str:
    """A hash that takes as long to check as any other, and that no password has."""
    lengths = (hasher.salt_len, hasher.hash_len)
    salt, hash = (b64encode(bytes(each)).rstrip(b"=").decode() for each in lengths)
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${hash}"
