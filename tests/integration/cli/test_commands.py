"""The commands themselves, where no server is and where input makes no sense."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mvidarr_common.cli import app as whole
from mvidarr_common.secrets import instance_key
from mvidarr_common.settings import Settings


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> typer.Typer:
    """The commands, with nobody at the other end."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("MVIDARR_SERVER", f"http://127.0.0.1:{unused_tcp_port}")
    return whole()


@pytest.mark.parametrize(
    "words",
    [
        "add http://example.org/v", "follow Björk", "unfollow Björk", "library", "show v", "jobs",
        "history v", "log tail", "log show 3", "log stats", "log grep x", "log verify",
        "log restore", "why x.mp4", "undo c", "what-if --template x", "parked list",
        "parked show e", "parked retry",
        "parked edit e --set a=1 --reason r", "rebuild", "parked discard e --reason useless",
        "login admin --password-stdin", "site list", "site set youtube.com --rate 5",
        "site forget youtube.com", "queues", "queue all --pause", "pace all --at-once 2",
        "quota", "quota all --open 5",
        "job pause j", "job resume --filter x", "job cancel j", "job retry j", "job priority j 9",
        "job batch b", "retries", "retries download --attempts 9",
        "import", "import a.mp4", "pipelines list",
        "pipelines show p", "pipelines delete p", "pipelines run p v", "pipelines run p --all",
        "pipelines try p v", "pipelines runs", "pipelines watch r", "pipelines retry r",
        "pipelines cancel r", "pipelines cancel b --bulk",
    ],
)  # fmt: skip
def test_without_a_server_every_command_says_so_in_one_line(app: typer.Typer, words: str) -> None:
    result = CliRunner().invoke(app, words.split(), input="password\n")
    assert result.exit_code == 1, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1
    assert "No MVidarr answers at http://127.0.0.1" in lines[0]


def test_hours_that_are_none_are_refused(app: typer.Typer) -> None:
    for hours in ("mon", "mon 25:00-01:00", "someday 01:00-02:00"):
        result = CliRunner().invoke(app, ["queue", "all", "--hours", hours])
        assert result.exit_code == 1
        assert "is not like mon,tue 22:00-06:00" in result.stderr


def test_jobs_are_named_by_id_or_by_filter(app: typer.Typer) -> None:
    for words in ("job pause", "job pause j --filter x"):
        result = CliRunner().invoke(app, words.split())
        assert result.exit_code == 1
        assert "Give the id of one job, or --filter." in result.stderr


def test_a_plan_that_is_none_and_a_run_for_nobody_are_refused(
    app: typer.Typer, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"title": "T", "steps": [{"name": "a", "does": "dance"}]}')
    wrong = CliRunner().invoke(app, ["pipelines", "save", "mine", str(plan)])
    assert (wrong.exit_code, "The plan is wrong at steps.0" in wrong.stderr) == (1, True)
    nobody = CliRunner().invoke(app, ["pipelines", "run", "mine"])
    assert (nobody.exit_code, "Name a video, give a --filter" in nobody.stderr) == (1, True)


def test_one_title_for_two_videos_is_refused(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["add", "http://a/1", "http://a/2", "--title", "Song"])
    assert result.exit_code == 1
    assert "--title is for a single URL" in result.stderr


def test_cookies_are_sealed_with_the_key_of_the_installation(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MVIDARR_STATE_DIR", str(tmp_path / "state"))
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\nsession good\n")
    result = CliRunner().invoke(app, ["site", "seal", str(cookies)])
    assert result.exit_code == 0
    assert "good" not in result.stdout
    assert instance_key(Settings()).unseal(result.stdout.strip()) == cookies.read_text()


def test_an_argument_that_is_none_is_refused(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["site", "set", "a.example", "--argument", "lang=de"])
    assert result.exit_code == 1
    assert "EXTRACTOR:NAME=VALUE" in result.stderr
