"""What an operator sees of a running system on a real broker: Prometheus and the commands."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from mvidarr_common.cli.access import Access, store_token
from mvidarr_common.testing.prometheus import Prometheus
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.servers import free_ports, wait_until
from mvidarr_common.testing.system import System

from .conftest import DEPLOY
from .expressions import BROKER, of_dashboards
from .happenings import let_happen


@dataclass(frozen=True)
class Watched:
    """A running system and what watches it."""

    system: System
    access: Access
    prometheus: Prometheus

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The rows that answer a query."""
        return self.prometheus.ask(query)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A system that has done a little of everything, and its Prometheus."""
    folder = tmp_path_factory.mktemp("watched")
    (port,) = free_ports(1)
    config = [f"prometheus.tcp.port = {port}", "prometheus.tcp.ip = 127.0.0.1"]
    with (
        RabbitNode(config=config, plugins=["rabbitmq_prometheus"]) as node,
        System(folder / "system", amqp_url=node.url(), allow_private_addresses=True) as system,
        Prometheus(folder, _configuration(folder, system.metrics_port("up"), port)) as prometheus,
    ):
        access = system.log_in()
        asyncio.run(let_happen(access, node, folder))
        yield Watched(system, access, prometheus)


@pytest.mark.timeout(240)
def test_every_panel_is_answered_with_data(watched: Watched) -> None:
    silent: set[str] = set()

    def all_answered() -> bool:
        silent.clear()
        silent.update(each.where for each in of_dashboards() if not watched.ask(each.text))
        return not silent

    try:
        wait_until(all_answered, "an answer to every panel", 90)
    except TimeoutError:
        assert silent == set()


def test_what_is_watched_of_the_broker_is_what_it_tells(watched: Watched) -> None:
    assert {name for name in BROKER if not watched.ask(name)} == set()


def test_the_scalers_figure_is_there_while_nothing_waits(watched: Watched) -> None:
    """A scaler that is told nothing would not scale down."""
    query = 'sum(mvidarr_jobs{queue=~"transcode|media|files",state=~"waiting|queued|running"})'
    wait_until(lambda: [row["value"][1] for row in watched.ask(query)] == ["0"], "a zero")


def test_no_alert_is_raised_by_a_system_that_is_well(watched: Watched) -> None:
    assert watched.ask('ALERTS{alertstate="firing"}') == []


@pytest.mark.parametrize(
    ("command", "seen"),
    [
        ("workers", r"transcoder-\S+ +transcoder +files 2, media 2"),
        ("queues", "Nothing waits|Queue"),
    ],
)
def test_the_commands_of_an_operator_tell_who_works_and_what_waits(
    command: str, seen: str, watched: Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("MVIDARR_SERVER", watched.access.address)
    store_token(watched.access.address, watched.access.token)
    result = subprocess.run(
        [sys.executable, "-c", "from mvidarr_common.cli import main; main()", command],
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert re.search(seen, result.stdout), result.stdout


def _configuration(folder: Path, ours: int, broker: int) -> Path:
    """As prometheus.yml, with the addresses of here and in a hurry."""
    told = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    told["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    told["rule_files"] = [str(DEPLOY / "prometheus" / "rules" / "*.yaml")]
    jobs = {each["job_name"]: each for each in told["scrape_configs"]}
    jobs["mvidarr"] = {"job_name": "mvidarr"}
    for name, job in jobs.items():
        port = ours if name == "mvidarr" else broker
        job["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
    told["scrape_configs"] = list(jobs.values())
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(told))
    return path
