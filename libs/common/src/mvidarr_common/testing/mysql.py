"""A MySQL server that somebody else runs, in MariaDB's place for all tests that share one:

    MVIDARR_TEST_MYSQL_URL=mysql://root:…@127.0.0.1:3306 make test

Its user may make databases; those that tests make are removed again.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from .servers import DatabaseServer, new_name

VARIABLE = "MVIDARR_TEST_MYSQL_URL"


class GivenServer(DatabaseServer):
    """A server that is there before and after."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._ours = new_name()

    @classmethod
    def of_the_environment(cls) -> Self | None:
        """The one that is named there."""
        url = os.environ.get(VARIABLE)
        return cls(url) if url else None

    def new_database(self) -> str:
        """The URL of an empty database of its own."""
        name = f"{self._ours}_{new_name()}"
        self._execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return self._url._replace(scheme="mysql+asyncmy", path=f"/{name}").geturl()

    def start(self) -> None:
        """It has to run; raises what keeps us out."""
        self._execute("SELECT 1")

    def stop(self) -> None:
        """It is not ours to stop."""
        raise RuntimeError(f"The server that {VARIABLE} names goes on")

    kill = stop

    def close(self) -> None:
        """Remove what tests have made there, in whichever process."""
        for (name,) in self._execute(f"SHOW DATABASES LIKE '{self._ours}%'"):
            self._execute(f"DROP DATABASE {name}")

    def _execute(self, statement: str) -> list[tuple[str, ...]]:
        """In a thread: where we are called, a loop may run or not."""
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(asyncio.run, self._rows(statement)).result(60)

    async def _rows(self, statement: str) -> list[tuple[str, ...]]:
        driver: Any = import_module("asyncmy")
        connection = await driver.connect(
            host=self._url.hostname, port=self._url.port or 3306,
            user=unquote(self._url.username or ""), password=unquote(self._url.password or ""),
        )  # fmt: skip
        try:
            async with connection.cursor() as cursor:
                await cursor.execute(statement)
                return list(await cursor.fetchall())
        finally:
            connection.close()
