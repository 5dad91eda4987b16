"""The manifests fit together, and fit the code."""

import copy
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mvidarr_common.bus.rabbit import RabbitBus
from mvidarr_common.cli.run import installed, load
from mvidarr_common.health import Readiness, health_app
from mvidarr_common.settings import PREFIX

from .conftest import DEPLOY, TOOLS, Object
from .meaning import CHECKS, complete, containers, environment, name_of, template

Check = Callable[[list[Object]], list[str]]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_objects_fit_together(check: Check, objects: list[Object]) -> None:
    assert list(check(objects)) == []


def _relabel(deployment: Object) -> None:
    deployment["spec"]["selector"]["matchLabels"] = {"app.kubernetes.io/name": "other"}


def _far_port(deployment: Object) -> None:
    containers(deployment)[0]["ports"].append({"name": "far", "containerPort": 800000})


def _other_probe(deployment: Object) -> None:
    containers(deployment)[0]["livenessProbe"]["httpGet"]["port"] = "nothing"


def _other_key(deployment: Object) -> None:
    volumes = deployment["spec"]["template"]["spec"]["volumes"]
    next(v for v in volumes if "secret" in v)["secret"]["items"][0]["key"] = "nothing"


def _no_time(deployment: Object) -> None:
    deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 10


def _account(deployment: Object) -> None:
    deployment["spec"]["template"]["spec"]["serviceAccountName"] = "nobody"


def _write(deployment: Object) -> None:
    containers(deployment)[0]["securityContext"]["readOnlyRootFilesystem"] = False


def _replicas(deployment: Object) -> None:
    deployment["spec"]["replicas"] = 3


def _unmounted(deployment: Object) -> None:
    deployment["spec"]["template"]["spec"]["volumes"].append({"name": "more", "emptyDir": {}})


def _together(deployment: Object) -> None:
    del deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]


def _no_start(deployment: Object) -> None:
    del containers(deployment)[0]["startupProbe"]


@pytest.mark.parametrize(
    "damage",
    [
        _relabel, _far_port, _other_probe, _other_key, _no_time, _account, _write, _replicas,
        _unmounted, _together, _no_start,
    ],
)  # fmt: skip
def test_damage_that_schemas_let_pass_is_found(
    damage: Callable[[Object], None], render: Callable[[str], list[Object]]
) -> None:
    objects = copy.deepcopy(render("prod"))
    damage(_deployment(objects, "api-gateway"))
    assert [problem for check in CHECKS for problem in check(objects)]


def test_a_service_without_a_budget_for_disruptions_is_found(
    render: Callable[[str], list[Object]],
) -> None:
    objects = [each for each in render("prod") if name_of(each) != "PodDisruptionBudget catalog"]
    assert list(complete(objects)) == ["Deployment catalog may be disrupted as a whole"]


def test_every_service_has_a_deployment_and_an_account_of_its_own(objects: list[Object]) -> None:
    ours = {each["metadata"]["name"]: each for each in objects if each["kind"] == "Deployment"}
    assert set(ours) == set(installed())
    accounts = {template(each)["spec"]["serviceAccountName"] for each in ours.values()}
    assert accounts == set(installed())


def test_every_setting_that_is_given_is_one_that_the_service_has(objects: list[Object]) -> None:
    common = next(o["data"] for o in objects if name_of(o).startswith("ConfigMap mvidarr-settings"))
    for each in objects:
        if each["kind"] == "Deployment":
            told = environment(containers(each)[0]) | common
            assert unknown(each["metadata"]["name"], told) == []


def test_every_setting_in_compose_is_one_that_the_service_has() -> None:
    services = _compose()["services"]
    assert set(installed()) <= set(services)
    for name in installed():
        assert unknown(name, services[name]["environment"]) == []


def test_probes_ask_routes_that_there_are(objects: list[Object]) -> None:
    routes = {route.path for route in health_app(Readiness()).routes}  # type: ignore[attr-defined]  # all three are plain routes
    for each in objects:
        if each["kind"] == "Deployment":
            container = containers(each)[0]
            probes = ("startupProbe", "readinessProbe", "livenessProbe")
            asked = {kind: container[kind]["httpGet"]["path"] for kind in probes}
            assert set(asked.values()) <= routes
            assert asked["livenessProbe"] == "/health/live"


def test_images_are_pinned(render: Callable[[str], list[Object]]) -> None:
    for each in render("prod"):
        for container in containers(each):
            _, _, tag = container["image"].rpartition("/")[2].partition(":")
            assert tag not in ("", "latest", "dev"), container["image"]


def test_releases_pin_images_to_digests(tree: Path, tmp_path: Path) -> None:
    shutil.copytree(tree / "k8s", tmp_path / "k8s")
    for name in ("prometheus", "grafana", "rabbitmq"):
        shutil.copytree(tree / name, tmp_path / name)
    overlay, digest = tmp_path / "k8s" / "overlays" / "prod", f"sha256:{64 * 'a'}"
    images = [f"registry.example.org/mvidarr/{name}@{digest}" for name in installed()]
    command = [sys.executable, str(DEPLOY / "pin_images.py"), str(overlay)]
    subprocess.run([*command, *images], check=True)
    rendered = subprocess.run(
        [TOOLS / "kubectl", "kustomize", overlay], check=True, capture_output=True, text=True
    ).stdout
    assert set(re.findall(r"image: (\S*/mvidarr/\S+)", rendered)) == set(images)
    refused = subprocess.run([*command, "catalog:1.0"], check=False, capture_output=True, text=True)
    assert "not of the form" in refused.stderr


def test_only_the_transcoder_goes_to_nodes_with_graphics_processors(
    render: Callable[[str], list[Object]],
) -> None:
    ours = [each for each in render("without-operators") if each["kind"] == "Deployment"]
    chosen = [each["metadata"]["name"] for each in ours if "nodeSelector" in template(each)["spec"]]
    assert chosen == ["transcoder"]


def test_the_scaler_knows_every_queue_of_the_workers_that_it_scales(
    render: Callable[[str], list[Object]],
) -> None:
    least = {}
    for each in render("prod"):
        if each["kind"] == "ScaledObject":
            least[each["metadata"]["name"]] = each["spec"]["minReplicaCount"]
            service = load(each["spec"]["scaleTargetRef"]["name"])
            queues = set(service.slots(service.settings())) - {"noop"}
            asked = [t["metadata"] for t in each["spec"]["triggers"] if t["type"] == "rabbitmq"]
            assert {trigger["queueName"] for trigger in asked} == {f"jobs.{q}" for q in queues}
            assert {trigger["protocol"] for trigger in asked} == {"http"}
    assert least == {"downloader": 0, "transcoder": 0, "notifier": 1}


def test_the_broker_has_room_for_the_connections_of_all_that_may_run(
    render: Callable[[str], list[Object]],
) -> None:
    most = {
        each["spec"]["scaleTargetRef"]["name"]: each["spec"].get(
            "maxReplicaCount", each["spec"].get("maxReplicas")
        )
        for each in render("prod")
        if each["kind"] in ("ScaledObject", "HorizontalPodAutoscaler")
    }
    catalogs = next(o for o in render("prod") if name_of(o) == "Deployment catalog")
    links = len(RabbitBus("amqp://broker", "test").links)
    assert links * (sum(most.values()) + catalogs["spec"]["replicas"]) < 200


def test_the_broker_is_told_the_same_everywhere(render: Callable[[str], list[Object]]) -> None:
    lines = (DEPLOY / "rabbitmq" / "rabbitmq.conf").read_text().splitlines()
    shipped = {line for line in lines if line and line[0] != "#"} - {"log.console = true"}
    cluster = next(each for each in render("prod") if each["kind"] == "RabbitmqCluster")
    told = cluster["spec"]["rabbitmq"]["additionalConfig"]
    assert set(told.splitlines()) == shipped
    assert cluster["spec"]["resources"]["requests"] == cluster["spec"]["resources"]["limits"]


def unknown(service: str, told: dict[str, Any]) -> list[str]:
    """Variables of ours that no field of the service's settings takes."""
    fields = {f"{PREFIX}{name.upper()}" for name in load(service).settings.model_fields}
    names = [name for name in told if name.startswith(PREFIX)]
    return [name for name in names if name.removesuffix("_FILE") not in fields]


def _deployment(objects: list[Object], name: str) -> Object:
    found = (o for o in objects if name_of(o) == f"Deployment {name}")
    return next(found)


def _compose() -> Object:
    loaded: Object = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded
