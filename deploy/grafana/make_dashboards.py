"""Writes the dashboards, and the Prometheus operator's copy of the rules: what is shown, as data.

python3 deploy/grafana/make_dashboards.py     # needs PyYAML
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
RULES = HERE.parent / "prometheus"
SOURCE = {"type": "prometheus", "uid": "${source}"}
WIDTH, HEIGHT, STAT_WIDTH, STAT_HEIGHT = 12, 8, 4, 4


@dataclass(frozen=True)
class Panel:
    """A graph, or a number if `stat`; each query with its legend."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    stat: bool = False


def stat(title: str, query: str, unit: str = "short") -> Panel:
    """One number."""
    return Panel(title, unit, ((query, ""),), stat=True)


def graph(title: str, *queries: tuple[str, str], unit: str = "short") -> Panel:
    """Lines over time."""
    return Panel(title, unit, queries)


def quantiles(metric: str, by: str, title: str) -> Panel:
    """How long something takes: the middle and the slow."""
    rate = f"sum by (le, {by}) (rate({metric}_bucket[$__rate_interval]))"
    return graph(
        title,
        *((f"histogram_quantile({q}, {rate})", f"{{{{{by}}}}} p{q * 100:g}") for q in (0.5, 0.95)),
        unit="s",
    )


def rates(metric: str, by: str, title: str, where: str = "") -> Panel:
    """How often something happens."""
    return graph(
        title, (f"sum by ({by}) (rate({metric}{where}[$__rate_interval]))", f"{{{{{by}}}}}"),
        unit="ops",
    )  # fmt: skip


def facts(title: str, types: str) -> Panel:
    """How often the log says one of these."""
    where = f'{{type=~"{types}",outcome="folded"}}'
    return graph(
        title, (f"sum by (type) (increase(mvidarr_messages_total{where}[1h]))", "{{type}}")
    )


DASHBOARDS: dict[str, tuple[Panel, ...]] = {
    "overview": (
        stat("Processes that answer", 'sum(up{job="mvidarr"})'),
        stat("Leaders", "sum(mvidarr_leader)"),
        stat("Behind the log", "max(mvidarr_log_lag_seconds)", "s"),
        stat("Parked", "max(mvidarr_parked)"),
        stat("Jobs that have not ended", "sum(mvidarr_jobs)"),
        stat("Jobs running", "sum(mvidarr_jobs_running)"),
        graph("Backlog", ("mvidarr:jobs:backlog", "{{queue}}")),
        rates("mvidarr_messages_total", "outcome", "Records of the log"),
        rates("mvidarr_http_requests_total", "status", "API answers"),
        rates("mvidarr_job_seconds_count", "outcome", "Attempts that ended"),
    ),
    "jobs": (
        graph("Jobs by state", ("sum by (state) (mvidarr_jobs)", "{{state}}")),
        graph(
            "Backlog and window",
            ("mvidarr:jobs:backlog", "{{queue}}"),
            ("max by (queue) (mvidarr_job_window)", "{{queue}} window"),
        ),
        quantiles("mvidarr_job_wait_seconds", "queue", "From release to start"),
        quantiles("mvidarr_job_seconds", "kind", "How long an attempt takes"),
        rates("mvidarr_job_seconds_count", "kind", "Attempts that ended"),
        rates("mvidarr_job_seconds_count", "kind", "Attempts that failed", '{outcome="failed"}'),
        rates("mvidarr_job_deliveries_total", "outcome", "Deliveries"),
        quantiles("mvidarr_job_cancel_seconds", "job", "From a stop to the end"),
    ),
    "workers": (
        graph(
            "Slots and what runs",
            ("sum by (queue) (mvidarr_job_slots)", "{{queue}} slots"),
            ("sum by (queue) (mvidarr_jobs_running)", "{{queue}} running"),
        ),
        graph("Running, by process", ("sum by (instance) (mvidarr_jobs_running)", "{{instance}}")),
        rates("mvidarr_job_lease_lost_total", "reason", "Work that the broker took away"),
        graph("Memory", ("process_resident_memory_bytes", "{{instance}}"), unit="bytes"),
        graph(
            "Processor",
            ("rate(process_cpu_seconds_total[$__rate_interval])", "{{instance}}"),
            unit="percentunit",
        ),
        graph("Open files", ("process_open_fds", "{{instance}}")),
        graph(
            "Memory of a download",
            (
                "histogram_quantile(0.95, sum by (le)"
                " (rate(mvidarr_download_memory_bytes_bucket[$__rate_interval])))",
                "p95",
            ),
            unit="bytes",
        ),
        graph(
            "Age of yt-dlp",
            (
                "max by (version) (mvidarr_ytdlp_age_days"
                " * on (instance) group_left (version) mvidarr_ytdlp_info)",
                "{{version}}",
            ),
            unit="d",
        ),
    ),
    "broker-and-log": (
        graph("Messages in queues", ("rabbitmq_detailed_queue_messages", "{{queue}}")),
        graph("Consumers", ("rabbitmq_detailed_queue_consumers", "{{queue}}")),
        graph("Offset folded", ("max(mvidarr_log_offset)", "offset")),
        graph("Behind the log", ("max(mvidarr_log_lag_seconds)", "behind"), unit="s"),
        graph(
            "Outbox",
            ("max(mvidarr_outbox_pending)", "waiting"),
            ("max(mvidarr_outbox_oldest_seconds)", "age of the oldest, s"),
        ),
        graph(
            "Timers and parked",
            ("max(mvidarr_timers_pending)", "timers"),
            ("max(mvidarr_timers_late_seconds)", "late, s"),
            ("max(mvidarr_parked)", "parked"),
            ("max(mvidarr_held_subjects)", "subjects held"),
        ),
        quantiles("mvidarr_loop_seconds", "phase", "A turn of the brain"),
        quantiles("mvidarr_publish_seconds", "outcome", "Publish to confirm"),
        rates("mvidarr_amqp_reconnects_total", "role", "Lost connections and consumers"),
        rates("mvidarr_live_dropped_total", "reason", "Live messages not heard"),
        graph("Blocked", ("max by (instance) (mvidarr_amqp_blocked)", "{{instance}}")),
        graph(
            "Raft log kept",
            ("rabbitmq_raft_log_last_applied_index - rabbitmq_raft_log_snapshot_index", "records"),
        ),
    ),
    "api": (
        stat("Errors, 1 h", "mvidarr:http_errors:ratio_rate1h", "percentunit"),
        stat("Errors, 3 d", "mvidarr:http_errors:ratio_rate3d", "percentunit"),
        stat("Live clients", "sum(mvidarr_live_clients)"),
        stat("Gateways without the catalog", "sum(mvidarr_catalog_away)"),
        rates("mvidarr_http_requests_total", "route", "Requests"),
        rates("mvidarr_http_requests_total", "status", "Answers"),
        quantiles("mvidarr_http_request_seconds", "method", "How long an answer takes"),
        quantiles("mvidarr_query_seconds", "query", "Questions to the catalog"),
        rates("mvidarr_rejected_total", "code", "Commands refused"),
        quantiles("mvidarr_live_seconds", "job", "Age of what passes live"),
        graph("Live frames", ("sum(rate(mvidarr_live_frames_total[$__rate_interval]))", "frames")),
        graph("Channels watched", ("sum(mvidarr_channels_watched)", "streams")),
        rates("mvidarr_reads_total", "outcome", "Reads, and who answered"),
        rates("mvidarr_reads_dropped_total", "why", "Kept answers dropped"),
        graph(
            "Memory of kept answers", ("mvidarr_reads_kept_bytes", "{{instance}}"), unit="bytes"
        ),
    ),
    "library": (
        facts("Videos, an hour", "video.added|video.ready|video.failed"),
        facts("Artists, an hour", "artist.added|artist.followed"),
        facts("Files, an hour", "file.added|file.moved|file.removed"),
        facts("Trash, an hour", "video.deleted|video.restored|video.purged"),
    ),
}  # fmt: skip


def dashboard(name: str, panels: tuple[Panel, ...]) -> dict[str, Any]:
    """A dashboard as Grafana keeps it."""
    return {
        "uid": f"mvidarr-{name}",
        "title": f"MVidarr: {name.replace('-', ' ')}",
        "tags": ["mvidarr"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": [
            _panel(at, panel, place) for at, (panel, place) in enumerate(_placed(panels), 1)
        ],
    }


def _placed(panels: tuple[Panel, ...]) -> list[tuple[Panel, dict[str, int]]]:
    """Numbers in a row of their own, graphs below them, two beside one another."""
    stats = [panel for panel in panels if panel.stat]
    graphs = [panel for panel in panels if not panel.stat]
    top = STAT_HEIGHT if stats else 0
    return [
        (panel, {"x": at * STAT_WIDTH, "y": 0, "w": STAT_WIDTH, "h": STAT_HEIGHT})
        for at, panel in enumerate(stats)
    ] + [
        (panel, {"x": at % 2 * WIDTH, "y": top + at // 2 * HEIGHT, "w": WIDTH, "h": HEIGHT})
        for at, panel in enumerate(graphs)
    ]


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": "stat" if panel.stat else "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(65 + at), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
            for at, (expr, legend) in enumerate(panel.queries)
        ],
    }


def files() -> dict[Path, str]:
    """Everything that is made, by where it lies."""
    made = {
        HERE / "dashboards" / f"{name}.json": json.dumps(dashboard(name, panels), indent=1) + "\n"
        for name, panels in DASHBOARDS.items()
    }
    return made | {RULES / "prometheusrule.yaml": _operator_rules()}


def _operator_rules() -> str:
    groups = [
        group
        for path in sorted((RULES / "rules").glob("*.yaml"))
        for group in yaml.safe_load(path.read_text())["groups"]
    ]
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "mvidarr"},
        "spec": {"groups": groups},
    }
    text: str = yaml.safe_dump(rule, sort_keys=False, width=110)
    return f"# Made by make_dashboards.py from rules/.\n{text}"


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
        sys.stdout.write(f"{path}\n")
