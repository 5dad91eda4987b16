"""Every alert fires when it should, and none does while all is well: promtool decides."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from mvidarr_common.testing.prometheus import prometheus_programs

from .conftest import DEPLOY

PROMETHEUS = DEPLOY / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yaml"))
LASTS = "x70"
"""Every series lasts 70 minutes, a sample each minute."""
LOOK = 65

WELL = {
    'up{job="mvidarr",instance="a"}': "1",
    'mvidarr_leader{instance="a"}': "1",
    'mvidarr_leader{instance="b"}': "0",
    'mvidarr_loop_seconds_count{phase="commit",instance="a"}': "0+4",
    'mvidarr_log_lag_seconds{instance="a"}': "0.1",
    'mvidarr_log_identity_errors_total{error="LogReplaced"}': "2",
    'mvidarr_outbox_oldest_seconds{instance="a"}': "1",
    'mvidarr_timers_late_seconds{instance="a"}': "2",
    'mvidarr_parked{instance="a"}': "0",
    'mvidarr_unrouted_total{instance="a"}': "1",
    'mvidarr_job_lease_lost_total{queue="jobs.transcode",reason="timeout"}': "3",
    'mvidarr_job_lease_lost_total{queue="jobs.transcode",reason="closed"}': "0+1",
    'mvidarr_amqp_blocked{role="publisher",instance="a"}': "0",
    'mvidarr_amqp_connected{role="publisher",instance="a"}': "1",
    'mvidarr_jobs{queue="transcode",state="queued"}': "4",
    'mvidarr_job_slots{queue="transcode",instance="a"}': "2",
    'mvidarr_job_seconds_count{kind="transcode",outcome="completed"}': "0+3",
    'mvidarr_job_seconds_count{kind="transcode",outcome="failed"}': "0+1",
    'rabbitmq_alarms_memory_used_watermark{instance="r"}': "0",
    'rabbitmq_alarms_free_disk_space_watermark{instance="r"}': "0",
    'rabbitmq_raft_log_last_applied_index{instance="r"}': "200000",
    'rabbitmq_raft_log_snapshot_index{instance="r"}': "150000",
    'rabbitmq_detailed_queue_messages{queue="notifier.events"}': "20",
    'rabbitmq_detailed_queue_messages{queue="mvidarr.log"}': "0+9000",
    'mvidarr_ytdlp_age_days{instance="a"}': "20",
    'mvidarr_http_requests_total{status="200"}': "0+1000",
    'mvidarr_http_requests_total{status="503"}': "0+1",
}


@dataclass(frozen=True)
class Case:
    """What is otherwise than well, and what the alert then says about whom."""

    series: dict[str, str | None]
    labels: dict[str, str] = field(default_factory=dict)
    severity: str = "page"


CASES = {
    "ProcessDown": Case(
        {'up{job="mvidarr",instance="a"}': "0"}, {"job": "mvidarr", "instance": "a"}
    ),
    "NobodyLeads": Case({'mvidarr_leader{instance="a"}': "0"}),
    "BrainStands": Case(
        {'mvidarr_loop_seconds_count{phase="commit",instance="a"}': "7"}, {"instance": "a"}
    ),
    "LogLag": Case({'mvidarr_log_lag_seconds{instance="a"}': "45"}),
    "LogIdentity": Case(
        {'mvidarr_log_identity_errors_total{error="LogReplaced"}': "0+1"}, {"error": "LogReplaced"}
    ),
    "OutboxStuck": Case({'mvidarr_outbox_oldest_seconds{instance="a"}': "20"}),
    "TimersLate": Case({'mvidarr_timers_late_seconds{instance="a"}': "60"}, severity="ticket"),
    "Parked": Case({'mvidarr_parked{instance="a"}': "1"}, severity="ticket"),
    "Unrouted": Case({'mvidarr_unrouted_total{instance="a"}': "0+1"}),
    "LeaseTimeout": Case(
        {'mvidarr_job_lease_lost_total{queue="jobs.transcode",reason="timeout"}': "0+1"},
        {"queue": "jobs.transcode"}, "ticket",
    ),
    "PublishingBlocked": Case({'mvidarr_amqp_blocked{role="publisher",instance="a"}': "1"}),
    "Disconnected": Case(
        {'mvidarr_amqp_connected{role="publisher",instance="a"}': "0"}, {"instance": "a"}
    ),
    "NoWorkers": Case(
        {'mvidarr_job_slots{queue="transcode",instance="a"}': None}, {"queue": "transcode"}
    ),
    "QueueGrows": Case(
        {'rabbitmq_detailed_queue_messages{queue="notifier.events"}': "5000"},
        {"queue": "notifier.events"}, "ticket",
    ),
    "JobsFail": Case(
        {'mvidarr_job_seconds_count{kind="transcode",outcome="failed"}': "0+9"},
        {"kind": "transcode"}, "ticket",
    ),
    "BrokerAlarm": Case(
        {'rabbitmq_alarms_free_disk_space_watermark{instance="r"}': "1"}, {"instance": "r"}
    ),
    "BrokerLogGrows": Case(
        {'rabbitmq_raft_log_snapshot_index{instance="r"}': "50000"}, {"instance": "r"}, "ticket"
    ),
    "YtDlpOld": Case({'mvidarr_ytdlp_age_days{instance="a"}': "70"}, severity="ticket"),
    "ApiErrorsFast": Case({'mvidarr_http_requests_total{status="503"}': "0+200"}),
    "ApiErrorsSlow": Case(
        {'mvidarr_http_requests_total{status="503"}': "0+200"}, severity="ticket"
    ),
}  # fmt: skip


def alerts() -> dict[str, dict[str, str]]:
    """Every alert's annotations, by the name without our prefix."""
    rules = [
        rule
        for path in RULES
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]
    found = [rule for rule in rules if "alert" in rule]
    return {rule["alert"].removeprefix("Mvidarr"): rule["annotations"] for rule in found}


def test_the_rules_and_configurations_are_understood() -> None:
    configurations = [PROMETHEUS / "prometheus.yml", PROMETHEUS / "local.yml"]
    assert _promtool("check", "rules", *RULES).returncode == 0
    assert _promtool("check", "config", "--syntax-only", *configurations).returncode == 0


def test_every_alert_has_a_case_here() -> None:
    assert set(alerts()) == set(CASES)


def test_every_alert_leads_to_a_paragraph_of_the_manual() -> None:
    manual = (DEPLOY.parent / "docs" / "operating.md").read_text().lower().splitlines()
    for name, annotations in alerts().items():
        page, _, anchor = annotations["runbook"].partition("#")
        assert page == "docs/operating.md"
        assert f"### {anchor}" in manual, name


def test_nothing_is_reported_while_all_is_well(tmp_path: Path) -> None:
    expected = [_expected(name, []) for name in sorted(CASES)]
    _judge(tmp_path, WELL, expected)


@pytest.mark.parametrize("name", sorted(CASES))
def test_an_alert_fires_and_says_about_what(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    series = {key: values for key, values in (WELL | case.series).items() if values is not None}
    said = {"exp_labels": {"severity": case.severity, **case.labels}}
    if "{{" not in alerts()[name]["summary"]:
        said["exp_annotations"] = alerts()[name]
    _judge(tmp_path, series, [_expected(name, [said])], exact="exp_annotations" in said)


def _expected(name: str, said: list[dict[str, dict[str, str]]]) -> dict[str, object]:
    return {"eval_time": f"{LOOK}m", "alertname": f"Mvidarr{name}", "exp_alerts": said}


def _judge(
    folder: Path, series: dict[str, str], expected: list[dict[str, object]], exact: bool = True
) -> None:
    """Let promtool compare; a summary with a value in it is only seen to be there."""
    test = {
        "rule_files": [str(path) for path in RULES],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": name, "values": _values(values)} for name, values in series.items()
                ],
                "alert_rule_test": expected,
            }
        ],
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump(test))
    done = _promtool("test", "rules", path)
    if exact:
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        labels = expected[0]["exp_alerts"][0]["exp_labels"]  # type: ignore[index]  # as _expected made it
        got = (done.stdout + done.stderr).partition("got:")[2]
        assert all(f'{key}="{value}"' in got for key, value in labels.items()), got


def _values(values: str) -> str:
    return f"{values}{LASTS}" if "+" in values else f"{values}+0{LASTS}"


def _promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [prometheus_programs() / "promtool", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)
