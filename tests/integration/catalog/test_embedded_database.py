"""The embedded PostgreSQL keeps what it was given, and never outlives or outlasts its owner."""

import asyncio
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from mvidarr_catalog import postgres_child
from mvidarr_catalog.embedded_database import embedded_database
from mvidarr_catalog.postgres_place import prepare, programs
from mvidarr_common.errors import Conflict

OWNER = """
import asyncio, sys
from pathlib import Path
from mvidarr_catalog.embedded_database import embedded_database
async def main():
    async with embedded_database(Path(sys.argv[1])) as url:
        print(url, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def ask(url: str, *statements: str) -> object:
    """The only value of the last statement."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        await engine.dispose()


async def answered(url: str, statement: str) -> object:
    """The answer as soon as there is one."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await ask(url, statement)
            except (OSError, DBAPIError):
                await asyncio.sleep(0.02)


def server(folder: Path) -> psutil.Process:
    first, *_ = (folder / "data" / "postmaster.pid").read_text().split("\n")
    return psutil.Process(int(first))


async def gone(process: psutil.Process) -> None:
    async with asyncio.timeout(30):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@asynccontextmanager
async def owner(folder: Path, **environment: str) -> AsyncIterator[tuple[Process, str]]:
    """Another process that owns a database in this folder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(folder), stdout=PIPE, env=os.environ | environment
    )
    try:
        assert process.stdout is not None
        yield process, (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_what_is_written_is_there_after_a_restart(tmp_path: Path) -> None:
    async with embedded_database(tmp_path / "db") as url:
        assert await ask(url, "SHOW fsync") == "on"
        await ask(url, "CREATE TABLE song (name text)", "INSERT INTO song VALUES ('Ænima')")
        running = server(tmp_path / "db")
    await gone(running)
    async with embedded_database(tmp_path / "db") as url:
        assert await ask(url, "SELECT name FROM song") == "Ænima"


async def test_the_server_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    async with owner(tmp_path) as (process, url):
        await ask(url, "CREATE TABLE song AS SELECT 7 AS length")
        running = server(tmp_path)
        process.kill()
        await process.wait()
    if sys.platform == "linux":
        await gone(running)
    async with embedded_database(tmp_path) as url:
        assert await ask(url, "SELECT length FROM song") == 7


async def test_a_server_that_was_left_behind_is_ended_first(tmp_path: Path) -> None:
    async with embedded_database(tmp_path) as url:
        await ask(url, "CREATE TABLE song AS SELECT 7 AS length")
    place = prepare(tmp_path)
    left = await asyncio.create_subprocess_exec(
        sys.executable, postgres_child.__file__, "0", "free", str(programs() / "postgres"),
        *place.arguments, cwd=tmp_path, start_new_session=True,
    )  # fmt: skip
    assert await answered(place.url, "SELECT length FROM song") == 7
    async with embedded_database(tmp_path) as url:
        await left.wait()
        assert await ask(url, "SELECT length FROM song") == 7


async def test_a_pid_file_that_names_a_stranger_is_no_obstacle(tmp_path: Path) -> None:
    async with embedded_database(tmp_path):
        content = (tmp_path / "data" / "postmaster.pid").read_text().split("\n")
    stale = "\n".join([str(os.getpid()), *content[1:]])
    (tmp_path / "data" / "postmaster.pid").write_text(stale)
    async with embedded_database(tmp_path) as url:
        assert await ask(url, "SELECT 1") == 1


async def test_a_half_made_data_directory_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "PG_VERSION").write_text("18\n")
    async with embedded_database(tmp_path) as url:
        assert await ask(url, "SELECT 1") == 1


async def test_the_programs_may_lie_where_only_their_owner_may_look(tmp_path: Path) -> None:
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    package = programs().parent.parent
    for folder in package.parent.glob(f"{package.name}*"):
        shutil.copytree(folder, closed / folder.name, symlinks=True)
    async with owner(closed / "db", PYTHONPATH=str(closed)) as (_, url):
        assert str(closed) in server(closed / "db").exe()
        assert await ask(url, "SELECT 1") == 1


async def test_a_second_owner_of_a_folder_is_refused(tmp_path: Path) -> None:
    async with owner(tmp_path):
        with pytest.raises(Conflict, match="Another MVidarr is using"):
            async with embedded_database(tmp_path):
                pass


async def test_data_of_another_major_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("13\n")
    with pytest.raises(Conflict, match="made by PostgreSQL 13"):
        async with embedded_database(tmp_path):
            pass


async def test_a_server_that_is_killed_is_started_again(tmp_path: Path) -> None:
    async with embedded_database(tmp_path) as url:
        await ask(url, "CREATE TABLE song AS SELECT 7 AS length")
        killed = server(tmp_path)
        killed.send_signal(signal.SIGKILL)
        await gone(killed)
        assert await answered(url, "SELECT length FROM song") == 7


async def test_where_a_socket_path_is_too_long_it_listens_on_loopback(tmp_path: Path) -> None:
    async with embedded_database(tmp_path / ("long" * 30)) as url:
        assert "@127.0.0.1:" in url
        assert await ask(url, "SELECT 1") == 1
