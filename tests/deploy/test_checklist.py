"""What docs/operating.md says of the manifests is true, row by row: shown here, or by a test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import DEPLOY, Object
from .meaning import containers, name_of, template

MANUAL = DEPLOY.parent / "docs" / "operating.md"
OURS = ("api-gateway", "catalog", "downloader", "transcoder", "notifier")


def rows() -> list[str]:
    """The rules of the table, as they stand there."""
    lines = MANUAL.read_text().split("| rule | where |")[1].splitlines()[2:]
    table = lines[: next(i for i, line in enumerate(lines) if not line.startswith("|"))]
    return [line.split("|")[1].strip() for line in table]


def _deployments(objects: list[Object]) -> list[Object]:
    found = [each for each in objects if each["kind"] == "Deployment"]
    assert sorted(each["metadata"]["name"] for each in found) == sorted(OURS)
    return found


def _one(objects: list[Object], name: str) -> Any:
    return next(each for each in objects if name_of(each) == name)


def rolling(objects: list[Object]) -> Iterator[bool]:
    for each in _deployments(objects):
        spec = each["spec"]
        yield spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        yield spec["minReadySeconds"] >= 5
        yield spec["progressDeadlineSeconds"] > 0
        yield spec["revisionHistoryLimit"] > 0


def probes(objects: list[Object]) -> Iterator[bool]:
    for each in _deployments(objects):
        asked = {p: containers(each)[0][f"{p}Probe"] for p in ("startup", "readiness", "liveness")}
        yield asked["startup"]["periodSeconds"] * asked["startup"]["failureThreshold"] >= 300
        yield asked["readiness"]["httpGet"]["path"] == "/health/ready"
        yield asked["liveness"]["httpGet"]["path"] == "/health/live"
    ports = _one(objects, "Service api-gateway")["spec"]["ports"]
    yield ports[0]["appProtocol"] == "kubernetes.io/ws"


def settings_are_hashed(objects: list[Object]) -> Iterator[bool]:
    told = {
        s["configMapRef"]["name"]
        for each in _deployments(objects)
        for s in containers(each)[0]["envFrom"]
    }
    yield told == {n for n in _names(objects, "ConfigMap") if n.startswith("mvidarr-settings-")}


def few_rights(objects: list[Object]) -> Iterator[bool]:
    accounts = [template(each)["spec"]["serviceAccountName"] for each in _deployments(objects)]
    yield len(set(accounts)) == len(accounts)
    for each in _deployments(objects):
        volumes = template(each)["spec"]["volumes"]
        yield all(v["emptyDir"].get("sizeLimit") for v in volumes if "emptyDir" in v)


def restricted(objects: list[Object]) -> Iterator[bool]:
    labels = _one(objects, "Namespace mvidarr")["metadata"]["labels"]
    yield labels["pod-security.kubernetes.io/enforce"] == "restricted"


def ends_gently(objects: list[Object]) -> Iterator[bool]:
    yield "preStop" in containers(_one(objects, "Deployment api-gateway"))[0]["lifecycle"]


def scaled(objects: list[Object]) -> Iterator[bool]:
    yield _names(objects, "ScaledJob") == set()
    for each in (each for each in objects if each["kind"] == "ScaledObject"):
        spec = each["spec"]
        yield spec["fallback"]["behavior"] == "currentReplicasIfHigher"
        behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        yield behavior["scaleDown"]["stabilizationWindowSeconds"] >= 300


def spared(objects: list[Object]) -> Iterator[bool]:
    notes = template(_one(objects, "Deployment transcoder"))["metadata"]["annotations"]
    yield notes["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"


def broker(objects: list[Object]) -> Iterator[bool]:
    spec = _one(objects, "RabbitmqCluster mvidarr-rabbitmq")["spec"]
    yield spec["replicas"] == 3
    yield "pause_minority" in spec["rabbitmq"]["additionalConfig"]
    apart = spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    yield apart[0]["topologyKey"] == "kubernetes.io/hostname"


def database(objects: list[Object]) -> Iterator[bool]:
    spec = _one(objects, "Cluster mvidarr-postgres")["spec"]
    yield spec["instances"] == 3
    yield spec["postgresql"]["synchronous"]["number"] == 1
    yield _names(objects, "Pooler") == set()


def scraped(objects: list[Object]) -> Iterator[bool]:
    yield _names(objects, "PodMonitor") == {"mvidarr", "rabbitmq", "postgres"}
    ends = _one(objects, "PodMonitor rabbitmq")["spec"]["podMetricsEndpoints"]
    yield "/metrics/detailed" in [each.get("path") for each in ends]


def no_migration(objects: list[Object]) -> Iterator[bool]:
    yield _names(objects, "Job") == {"first-install"}


def _names(objects: list[Object], kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in objects if each["kind"] == kind}


Check = Callable[[list[Object]], Iterator[bool]]
SHOWN: dict[str, Check | str] = {
    "a base, small components, overlays": "tests/deploy/test_schemas.py",
    "rolling update without loss": rolling,
    "startup, readiness, liveness apart": probes,
    "changed settings start pods anew": settings_are_hashed,
    "non-root, seccomp": few_rights,
    "namespace enforces": restricted,
    "grace above the longest unit": ends_gently,
    "SIGTERM: take nothing more": "tests/integration/chassis/test_services.py",
    "RabbitMQ trigger over HTTP": scaled,
    "never two scalers": "tests/deploy/meaning.py",
    "disruption budgets": spared,
    "default deny both ways": "tests/deploy/test_network.py",
    "broker: three nodes": broker,
    "database: three instances": database,
    "scrape of services": scraped,
    "names of metrics and spans": "tests/deploy/test_names.py",
    "no migration Job": no_migration,
    "secrets as files by reference": "tests/deploy/test_sops.py",
    "base by argument": "tests/deploy/test_images.py",
    "images by digest": "tests/deploy/test_meaning.py",
    "bill of materials": "tests/containers/test_images.py",
    "compose: health-gated start": "tests/deploy/test_images.py",
    "what two scanners": "tests/deploy/test_scanners.py",
    "rules with unit tests": "tests/deploy/test_rules.py",
}
"""By the first words of each row."""


def test_every_row_is_shown_by_something() -> None:
    found = [next((key for key in SHOWN if row.startswith(key)), row) for row in rows()]
    assert found == list(SHOWN)
    files = [DEPLOY.parent / each for each in SHOWN.values() if isinstance(each, str)]
    assert all(map(Path.exists, files))


@pytest.mark.parametrize("row", [key for key, shown in SHOWN.items() if callable(shown)])
def test_a_row_is_true_of_what_is_deployed(row: str, render: Callable[[str], list[Object]]) -> None:
    check = SHOWN[row]
    assert callable(check)
    assert set(check(render("prod"))) == {True}
