"""`mvidarr doctor` on a machine where things are well, and where they are not."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from mvidarr_common.cli import app
from mvidarr_common.cli.examinations.broker import same_time
from mvidarr_common.ffmpeg import find_ffmpeg
from mvidarr_common.secrets import new_key
from mvidarr_common.testing.mariadb import MariaServer
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MVIDARR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("MVIDARR_DATA_ROOT", str(tmp_path / "data"))


def doctor() -> Result:
    """What it says."""
    return CliRunner().invoke(app(), ["doctor"])


async def run_statement(url: str, statement: str) -> None:
    """As the administrator of a PostgreSQL."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(statement)
    await connection.close()


def test_a_machine_with_nothing_configured_is_well_and_stays_untouched(tmp_path: Path) -> None:
    result = doctor()
    assert result.exit_code == 0, result.output
    assert "✗" not in result.stdout
    assert "with hard links" in result.stdout
    assert "ffmpeg version" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_real_broker_and_database_are_well(
    monkeypatch: pytest.MonkeyPatch, rabbit_node: RabbitNode
) -> None:
    vhost = rabbit_node.new_vhost()
    with PostgresServer(fsync=False) as server:
        monkeypatch.setenv("MVIDARR_AMQP_URL", rabbit_node.url(vhost))
        monkeypatch.setenv("MVIDARR_DATABASE_URL", server.new_database())
        monkeypatch.setenv("MVIDARR_INSTANCE_KEY", new_key())
        result = doctor()
        ascii_only = ("--encoding=SQL_ASCII", "--template=template0", "--locale=C")
        monkeypatch.setenv("MVIDARR_DATABASE_URL", server.new_database(*ascii_only))
        rabbit_node.ctl("set_permissions", "-p", vhost, "guest", "none", "none", "none")
        unfit = doctor()
        url = server.new_database()
        asyncio.run(run_statement(url, "CREATE ROLE stranger LOGIN"))
        monkeypatch.setenv("MVIDARR_DATABASE_URL", url.replace("postgres@", "stranger@"))
        stranger = doctor()
    assert unfit.exit_code == 1
    assert "made for SQL_ASCII" in unfit.stdout
    assert "user may not do what is needed" in unfit.stdout
    assert stranger.exit_code == 1
    assert "user may not make tables" in stranger.stdout
    assert result.exit_code == 0, result.output
    for words in ("RabbitMQ 3.", "PostgreSQL 1", "agree", "From MVIDARR_INSTANCE_KEY"):
        assert words in " ".join(result.stdout.split())


@pytest.fixture
def mariadb() -> Iterator[MariaServer]:
    """One of its own: what is set there holds for everybody."""
    with MariaServer(fsync=False) as server:
        yield server


def test_a_mariadb_is_well(monkeypatch: pytest.MonkeyPatch, mariadb: MariaServer) -> None:
    url = mariadb.new_database()
    for written in (url, url.replace("mysql+asyncmy", "mariadb")):
        monkeypatch.setenv("MVIDARR_DATABASE_URL", written)
        result = doctor()
        assert result.exit_code == 0, result.output
        said = " ".join(result.stdout.split())
        assert re.search(r"MariaDB 1\S+; 10.6 or newer is needed. ✓ clock .* agree", said), said
    mariadb.execute("SET GLOBAL max_allowed_packet = 1048576")
    unfit = doctor()
    mariadb.execute("SET GLOBAL max_allowed_packet = 16777216")
    assert unfit.exit_code == 1
    assert "max_allowed_packet is 1048576" in unfit.stdout


def test_who_is_away_is_named(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    monkeypatch.setenv("MVIDARR_AMQP_URL", f"amqp://guest:guest@127.0.0.1:{unused_tcp_port}/")
    monkeypatch.setenv("MVIDARR_DATABASE_URL", f"postgresql://me@127.0.0.1:{unused_tcp_port}/db")
    result = doctor()
    assert result.exit_code == 1
    assert result.stdout.count("It does not let us in") == 2


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MVIDARR_INSTANCE_KEY", "c2hvcnQ=", "at least 32 bytes"),
        ("MVIDARR_TRANSCODE_SLOTS", "many", "MVIDARR_TRANSCODE_SLOTS"),
        ("MVIDARR_AMQP_URL_FILE", "/nowhere/amqp-url", "cannot be read"),
        ("MVIDARR_FFMPEG", "/nowhere/ffmpeg", "does not run"),
    ],
)
def test_what_is_wrong_is_said(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    result = doctor()
    assert result.exit_code == 1, result.output
    assert words in " ".join(result.stdout.split())
    assert value not in result.stdout or name != "MVIDARR_INSTANCE_KEY"


def test_a_data_root_that_cannot_be_written_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    monkeypatch.setenv("MVIDARR_DATA_ROOT", str(file))
    result = doctor()
    assert result.exit_code == 1
    assert "cannot work in" in result.stdout


def test_a_library_on_another_file_system_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MVIDARR_DATA_ROOT", str(tmp_path))
    with TemporaryDirectory(dir="/dev/shm") as elsewhere:
        (tmp_path / "library").symlink_to(elsewhere)
        (tmp_path / "staging").mkdir()
        result = doctor()
    assert result.exit_code == 1
    assert "must be in one mount" in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["library", "staging"]


@pytest.mark.parametrize(
    ("lacking", "code", "words"),
    [("libx264", 1, "has no libx264"), ("libsvtav1", 0, "profiles that ask for it")],
)
def test_an_ffmpeg_that_lacks_something_is_told_apart(
    lacking: str, code: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = tmp_path / "ffmpeg"
    poor.write_text(f'#!/bin/sh\n{find_ffmpeg()} "$@" | grep -v {lacking}\n')
    poor.chmod(0o755)
    monkeypatch.setenv("MVIDARR_FFMPEG", str(poor))
    result = doctor()
    assert result.exit_code == code, result.output
    assert words in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("date", "verdict"), [("Mon, 01 Jan 2001 00:00:00 GMT", "wrong"), (None, "well")]
)
async def test_the_brokers_clock_is_told_by_its_management(date: str | None, verdict: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        now = format_datetime(datetime.now(UTC), usegmt=True)
        writer.write(f"HTTP/1.1 401 No\r\nDate: {date or now}\r\n\r\n".encode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await same_time(f"http://127.0.0.1:{port}")
    assert found.verdict == verdict


async def test_a_broker_whose_clock_is_not_seen_is_no_problem(unused_tcp_port: int) -> None:
    assert (await same_time(f"http://127.0.0.1:{unused_tcp_port}")).verdict == "note"
