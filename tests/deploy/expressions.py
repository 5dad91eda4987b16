"""Every PromQL expression that we ship, and the metrics that it names."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

import promql_parser
import yaml
from prometheus_client import REGISTRY

from mvidarr_common.cli.run import installed, load

from .conftest import DEPLOY

BROKER = {
    "rabbitmq_detailed_queue_messages",
    "rabbitmq_detailed_queue_consumers",
    "rabbitmq_alarms_memory_used_watermark",
    "rabbitmq_alarms_free_disk_space_watermark",
    "rabbitmq_alarms_file_descriptor_limit",
    "rabbitmq_raft_log_last_applied_index",
    "rabbitmq_raft_log_snapshot_index",
}
"""What we watch of RabbitMQ; test_answers.py asks a real one."""

PROCESS = {"up", "process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"}
"""What Prometheus and its client library add."""

_SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


@dataclass(frozen=True)
class Expression:
    """An expression and where it stands."""

    where: str
    text: str

    @property
    def parsed(self) -> promql_parser.Expr:
        """Raises ValueError for what is no PromQL."""
        return promql_parser.parse(self.text)

    @property
    def metrics(self) -> set[str]:
        """The metrics that it names."""
        return set(_names(self.parsed))


def _names(node: object) -> Iterator[str]:
    if isinstance(node, promql_parser.VectorSelector) and node.name:
        yield node.name
    for attribute in ("expr", "lhs", "rhs", "vector_selector", "param"):
        child = getattr(node, attribute, None)
        if child is not None:
            yield from _names(child)
    for argument in getattr(node, "args", None) or ():
        yield from _names(argument)


def of_dashboards() -> list[Expression]:
    """Those of every panel, with an interval for Grafana's."""
    found = []
    for path in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                text = target["expr"].replace("$__rate_interval", "1m")
                found.append(Expression(f"{path.stem}: {panel['title']}", text))
    return found


def of_rules() -> list[Expression]:
    """Those of alerts and recording rules."""
    return [
        Expression(rule.get("alert") or rule["record"], rule["expr"])
        for path in sorted((DEPLOY / "prometheus" / "rules").glob("*.yaml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]


def recorded() -> set[str]:
    """What recording rules make."""
    return {each.where for each in of_rules() if ":" in each.where}


def exported() -> set[str]:
    """What our services export once they are imported."""
    for name in ("mvidarr_common.runtime", "mvidarr_common.bus.metrics"):
        import_module(name)
    for name in installed():
        load(name)
    families = REGISTRY.collect()
    return {f"{each.name}{end}" for each in families for end in _SUFFIXES.get(each.type, ())}
