"""What an operator sees of a running system on a real broker: Prometheus and the commands."""

import asyncio
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from mvidarr_common.cli.access import Access, store_token
from mvidarr_common.testing.prometheus import Prometheus
from mvidarr_common.testing.rabbitmq import RabbitNode
from mvidarr_common.testing.servers import end, free_ports, spawn, wait_until
from mvidarr_common.testing.system import System

from .conftest import DEPLOY
from .expressions import BROKER, of_dashboards
from .happenings import let_happen

ALARM = "rabbitmq_alarms_memory_used_watermark == 1"


@dataclass(frozen=True)
class Watched:
    """A running system and what watches it."""

    node: RabbitNode
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
    own = [f"prometheus.tcp.port = {port}", "prometheus.tcp.ip = 127.0.0.1"]
    config = [*_shipped(), *own]
    with (
        RabbitNode(config=config, plugins=["rabbitmq_prometheus"], thrifty=True) as node,
        System(folder / "system", amqp_url=node.url(), allow_private_addresses=True) as system,
        Prometheus(folder, _configuration(folder, system.metrics_port("up"), port)) as prometheus,
    ):
        access = system.log_in()
        asyncio.run(let_happen(access, node, folder))
        yield Watched(node, system, access, prometheus)


def _shipped() -> list[str]:
    """The settings of deploy/, but for those that every node of a test has."""
    lines = (DEPLOY / "rabbitmq" / "rabbitmq.conf").read_text().splitlines()
    ours = [line for line in lines if line and not line.startswith("#")]
    assert "consumer_timeout = 43200000" in ours  # jobs may run for hours
    return [line for line in ours if not line.startswith(("log.", "disk_free", "consumer_timeout"))]


@pytest.mark.timeout(240)
def test_the_shipped_settings_are_understood_by_rabbitmq(watched: Watched) -> None:
    found = watched.node.eval("application:get_env(rabbit, cluster_partition_handling).")
    assert found == "{ok, pause_minority}"


@pytest.mark.timeout(240)
def test_every_panel_is_answered_with_data(watched: Watched) -> None:
    silent = list(of_dashboards())

    def all_answered() -> bool:
        silent[:] = [each for each in silent if not watched.ask(each.text)]
        return not silent

    try:
        wait_until(all_answered, "an answer to every panel", 90)
    except TimeoutError:
        assert [each.where for each in silent] == []


def test_what_is_watched_of_the_broker_is_what_it_tells(watched: Watched) -> None:
    assert {name for name in BROKER if not watched.ask(name)} == set()


def test_the_scalers_figure_is_there_while_nothing_waits(watched: Watched) -> None:
    """A scaler that is told nothing would not scale down."""
    query = 'sum(mvidarr_jobs{queue=~"transcode|media|files",state=~"waiting|queued|running"})'
    wait_until(lambda: [row["value"][1] for row in watched.ask(query)] == ["0"], "a zero")


def test_what_alerts_wait_for_is_told_before_it_happens(watched: Watched) -> None:
    """A counter that begins at one has not risen."""
    for counter in ("mvidarr_log_identity_errors_total", "mvidarr_unrouted_total"):
        assert watched.ask(counter)
    assert watched.ask('mvidarr_job_lease_lost_total{queue="jobs.transcode",reason="timeout"}')


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


def test_make_monitor_watches_a_running_system_until_it_is_interrupted(
    watched: Watched, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    ours = watched.system.metrics_port("up")
    asked = [f"PORT={port}", f"MVIDARR_METRICS_PORT={ours}", f"SERIES={tmp_path / 'series'}"]
    said = tmp_path / "said"
    monitor = spawn(["make", "monitor", *asked], said, cwd=DEPLOY.parent)
    try:
        wait_until(lambda: _targets(port) == {(f"127.0.0.1:{ours}", "up")}, "its target")
        rules = httpx.get(f"http://127.0.0.1:{port}/api/v1/rules").json()["data"]["groups"]
    finally:
        end(monitor, signal.SIGINT)
    assert {each["name"] for each in rules} == _groups()
    assert "See you next time!" in said.read_text()


def test_nothing_is_accepted_while_the_broker_has_no_memory_and_everything_afterwards(
    watched: Watched,
) -> None:
    """The broker tells who publishes, so the first request hangs, and may be in the log: said
    again under its key it is done once. All others are refused before that."""
    access, node = watched.access, watched.node
    base = f"{access.address}/api/v1"
    with httpx.Client(base_url=base, timeout=60, headers=access.headers) as api:

        def ask(name: str, key: str | None = None) -> httpx.Response:
            told = {"Idempotency-Key": key or name}
            return api.post("/artists", json={"name": name}, headers=told)

        node.memory_alarm(on=True)
        try:
            first = ask("Hanging")
            wait_until(lambda: ask("Refused").json()["code"] == "log_full", "a refusal")
            refused = [ask(f"Refused {n}") for n in range(20)]
            wait_until(lambda: bool(watched.ask(ALARM)), "the alarm in Prometheus")
        finally:
            node.memory_alarm(on=False)
        assert (first.status_code, "retry-after" in first.headers) == (503, True)
        assert {(each.status_code, each.json()["code"]) for each in refused} == {(503, "log_full")}
        assert {each.headers["retry-after"] for each in refused} == {"10"}
        wait_until(lambda: ask("Accepted").is_success, "an acceptance")
        assert ask("Hanging").is_success
        shown = partial(api.get, "/artists", params={"limit": 100})
        wait_until(lambda: shown().is_success, "an answer of the catalog")
        found = shown().json()["items"]
    names = Counter(each["name"] for each in found)
    assert (names["Hanging"], names["Accepted"]) == (1, 1)
    assert [name for name in names if name.startswith("Refused ")] == []


def _targets(port: int) -> set[tuple[str, str]]:
    """What a Prometheus watches, and how that is."""
    with suppress(httpx.HTTPError):
        told = httpx.get(f"http://127.0.0.1:{port}/api/v1/targets").raise_for_status().json()
        targets = told["data"]["activeTargets"]
        return {(each["labels"]["instance"], each["health"]) for each in targets}
    return set()


def _groups() -> set[str]:
    """The names of the groups of rules that we ship."""
    files = (DEPLOY / "prometheus" / "rules").glob("*.yaml")
    return {group["name"] for path in files for group in yaml.safe_load(path.read_text())["groups"]}


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
