"""The demo as people start it, and the commands against what it leaves running."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

MVIDARR = [sys.executable, "-c", "from mvidarr_common.cli import main; main()"]
VERDICT = re.compile(
    r"demo: 2 videos ready, 1 refused \(damaged\), \d+ jobs, \d+ log records, 0 lost"
)


def mvidarr(
    *words: str, environment: dict[str, str], text: str = ""
) -> subprocess.CompletedProcess[str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("MVIDARR_")}
    return subprocess.run(
        [*MVIDARR, *words], env=plain | environment, input=text, capture_output=True, text=True,
        timeout=110, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """What the demo printed, and how its server, which was kept, is reached."""
    folder = tmp_path_factory.mktemp("demo")
    done = mvidarr("demo", environment={"KEEP": "1", "FOLDER": str(folder)})
    assert done.returncode == 0, done.stdout + done.stderr
    server, pid, user, password = _left(done.stdout)
    reach = {"MVIDARR_SERVER": server, "XDG_CONFIG_HOME": str(folder / "config")}
    login = mvidarr("login", user, "--password-stdin", environment=reach, text=f"{password}\n")
    assert login.returncode == 0, login.stderr
    yield done.stdout, reach
    left = psutil.Process(pid)
    left.send_signal(signal.SIGTERM)
    psutil.wait_procs([left], timeout=60)


def _left(output: str) -> tuple[str, int, str, str]:
    server = re.search(r"It keeps running at (\S+)", output)
    pid = re.search(r"kill (\d+)", output)
    login = re.search(r"user (\S+), password (\S+), folder", output)
    assert server, output
    assert pid, output
    assert login, output
    return server[1], int(pid[1]), login[1], login[2]


def test_the_demo_ends_with_what_it_counted(demo: tuple[str, dict[str, str]]) -> None:
    output, _ = demo
    assert output.startswith("embedded: SQLite bus, PostgreSQL 18")
    assert VERDICT.fullmatch(output.strip().splitlines()[-1])


def test_the_demo_shows_each_step(demo: tuple[str, dict[str, str]]) -> None:
    output, _ = demo
    for kind in ("download", "verify", "thumbnails", "place", "tidy"):
        assert f"✓ {kind}" in output
    assert "✗ refused     Last Train  The file was cut off" in output
    assert output.count("signature is right") == 3
    assert "Neon Harbour - Midnight Ferry.nfo" in output


def test_the_commands_show_what_is_there(demo: tuple[str, dict[str, str]]) -> None:
    _, reach = demo
    library = mvidarr("library", "--state", "ready", environment=reach)
    assert library.returncode == 0, library.stderr
    assert "Midnight Ferry" in library.stdout
    assert "Last Train" not in library.stdout
    video = re.findall(r"[0-9a-f-]{36}", library.stdout)[0]
    assert "sha256" in mvidarr("show", video, environment=reach).stdout
    assert "event.video.ready" in mvidarr("history", video, environment=reach).stdout
    assert "download" in mvidarr("jobs", environment=reach).stdout
    assert "command.video.add" in mvidarr("log", "tail", "-n", "500", environment=reach).stdout
    assert '"offset": 0' in mvidarr("log", "show", "0", environment=reach).stdout
    assert mvidarr("parked", "list", environment=reach).returncode == 0


def test_a_rebuild_finds_nothing_different(demo: tuple[str, dict[str, str]]) -> None:
    _, reach = demo
    done = mvidarr("rebuild", environment=reach)
    assert done.returncode == 0, done.stderr
    assert "identical to the tables before" in done.stdout


def test_artists_are_followed_and_forgotten(demo: tuple[str, dict[str, str]]) -> None:
    _, reach = demo
    assert "Following Björk" in mvidarr("follow", "Björk", environment=reach).stdout
    assert mvidarr("unfollow", "björk", environment=reach).returncode == 0
    nobody = mvidarr("unfollow", "Nobody at all", environment=reach)
    assert nobody.returncode == 1
    assert len(nobody.stderr.strip().splitlines()) == 1


def test_a_video_that_is_not_there_fails_the_one_who_waits(
    demo: tuple[str, dict[str, str]],
) -> None:
    _, reach = demo
    page = f"{reach['MVIDARR_SERVER']}/ping"
    added = mvidarr("add", page, "--wait", environment=reach)
    assert added.returncode == 1
    assert "✗ refused" in added.stdout
    again = mvidarr("add", page, environment=reach)
    assert again.returncode == 1
    assert "video_known" in again.stderr


def test_a_stranger_is_sent_to_log_in(demo: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    _, reach = demo
    stranger = reach | {"XDG_CONFIG_HOME": str(tmp_path)}
    refused = mvidarr("library", environment=stranger)
    assert refused.returncode == 1
    assert "mvidarr login" in refused.stderr
