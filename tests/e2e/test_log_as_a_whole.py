"""The log as operators handle it: looked into, compared, taken out, and put into another system."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from typer.testing import CliRunner, Result

from mvidarr_common.cli import app
from mvidarr_common.cli.access import Access, store_token
from mvidarr_common.secrets import new_key
from mvidarr_common.testing.postgres import PostgresServer
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.system import System

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def thinking(
    rabbit_node: RabbitNode, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., System]]:
    """Makes systems that decide and answer, and do no work."""
    systems: list[System] = []

    def make(**settings: object) -> System:
        system = System(
            tmp_path_factory.mktemp("thinking"),
            ("catalog", "api-gateway"),
            amqp_url=rabbit_node.url(rabbit_node.new_vhost()),
            database_url=postgres.new_database(),
            **settings,
        )
        systems.append(system)
        return system.__enter__()

    yield make
    for system in systems:
        system.close()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command against a system, which must do what it should."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    def invoke(access: Access, *words: object, fails: bool = False) -> Result:
        store_token(access.address, access.token)
        monkeypatch.setenv("MVIDARR_SERVER", access.address)
        result = CliRunner().invoke(app(), [str(word) for word in words])
        assert (result.exit_code != 0) is fails, result.output
        return result

    return invoke


def test_a_log_is_searched_compared_exported_and_imported(
    thinking: Callable[[], System], run: Run, tmp_path: Path
) -> None:
    old = thinking().log_in()
    for name in ("Björk", "50% off"):
        run(old, "follow", name)
    for priority in range(3):
        job = {"spec": {"kind": "noop"}, "priority": priority}
        httpx.post(f"{old.address}/api/v1/jobs", json=job, headers=old.headers).raise_for_status()

    assert "event.artist.followed" in run(old, "log", "stats").output
    assert "Björk" in run(old, "log", "grep", "Björk").output
    assert "off" in run(old, "log", "grep", "0%", "--type", "event.artist.followed").output
    assert run(old, "log", "grep", "5%f").output.strip() == ""
    assert "agree" in run(old, "log", "verify").output
    assert "agree" not in run(old, "log", "restore").output
    export = tmp_path / "log.jsonl.gz"
    run(old, "log", "export", export)
    assert export.stat().st_mode & 0o077 == 0
    lines = gzip.decompress(export.read_bytes()).splitlines()
    assert all("id" in orjson.loads(line) for line in lines)
    assert "not_empty" in run(old, "log", "import", export, fails=True).stderr

    new = thinking().log_in()
    run(new, "log", "import", export)
    for what in ("artists", "jobs"):
        assert _items(new, what) == _items(old, what), what
    assert "agree" in run(new, "log", "verify").output
    assert "identical" in run(new, "rebuild").output
    assert "not_empty" in run(new, "log", "import", export, fails=True).stderr
    run(new, "follow", "After")
    assert len(_items(new, "artists")) == len(_items(old, "artists")) + 1


def test_a_file_that_is_no_export_is_refused(
    thinking: Callable[[], System], run: Run, tmp_path: Path
) -> None:
    system = thinking().log_in()
    (tmp_path / "plain").write_text("no gzip")
    assert "cannot be read" in run(system, "log", "import", tmp_path / "plain", fails=True).stderr
    (tmp_path / "other").write_bytes(gzip.compress(b'{"no": "record"}\n'))
    assert "no record" in run(system, "log", "import", tmp_path / "other", fails=True).stderr


def _items(access: Access, what: str) -> list[dict[str, object]]:
    answer = httpx.get(f"{access.address}/api/v1/{what}", headers=access.headers)
    items: list[dict[str, object]] = answer.raise_for_status().json()["items"]
    return sorted(items, key=lambda item: str(item["id"]))


def test_a_backup_is_restored_into_an_empty_system_with_its_key(
    thinking: Callable[..., System], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = thinking()
    old, state = first.log_in(), first.folder / "state"
    told = {"DATA_ROOT": first.root.path, "STATE_DIR": state, "INSTANCE_KEY": first.key}
    for name, value in told.items():
        monkeypatch.setenv(f"MVIDARR_{name}", str(value))
    run(old, "follow", "Kept")
    job = {"spec": {"kind": "noop"}}
    httpx.post(f"{old.address}/api/v1/jobs", json=job, headers=old.headers).raise_for_status()
    poster = first.root.library / "Kept" / "Kept - Song.jpg"
    poster.parent.mkdir(parents=True)
    poster.write_bytes(b"picture")
    (poster.parent / "Kept - Song.mkv").write_bytes(b"film")
    file = tmp_path / "backup.tar"
    run(old, "backup", file, "--artwork")
    assert file.stat().st_mode & 0o077 == 0
    assert "not_empty" in run(old, "restore", file, fails=True).stderr

    run(old, "restore", file, "--configuration", tmp_path / "kept")
    assert (tmp_path / "kept" / "instance.key").read_text() == first.key
    kept = (tmp_path / "kept" / "settings.env").read_text()
    assert f"MVIDARR_DATA_ROOT={first.root.path}" in kept
    monkeypatch.setenv("MVIDARR_INSTANCE_KEY", new_key())
    assert "another instance key" in run(old, "restore", file, fails=True).stderr

    second = thinking(instance_key=first.key)
    new = second.log_in()
    monkeypatch.setenv("MVIDARR_DATA_ROOT", str(second.root.path))
    monkeypatch.setenv("MVIDARR_INSTANCE_KEY", first.key)
    assert "1 of 1 pictures" in run(new, "restore", file).output
    assert _items(new, "artists") == _items(old, "artists")
    assert [p.name for p in second.root.path.rglob("Kept*.*")] == ["Kept - Song.jpg"]
    assert "agree" in run(new, "log", "verify").output
