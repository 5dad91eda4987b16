"""The form of every manifest, against the oldest and the newest Kubernetes that we support."""

import subprocess
from typing import Any

import pytest
import yaml

from .conftest import DEPLOY, TOOLS, Object
from .schemas import NEWEST, OLDEST, problems


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_object_has_the_form_of_its_kind(objects: list[Object], version: str) -> None:
    assert [problem for each in objects for problem in problems(each, version)] == []


@pytest.mark.parametrize(
    "broken",
    [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"portz": []}},
        {"apiVersion": "v9", "kind": "Nothing", "metadata": {"name": "x"}},
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": {"name": "x"},
            "spec": {"scaleTargetRef": {"name": "x"}, "triggers": [], "pollingIntervall": 5},
        },
        {
            "apiVersion": "rabbitmq.com/v1beta1",
            "kind": "RabbitmqCluster",
            "metadata": {"name": "x"},
            "spec": {"replicaz": 3},
        },
    ],
    ids=["unknown field", "unknown kind", "unknown field of KEDA", "unknown field of RabbitMQ"],
)
def test_what_is_unknown_is_refused(broken: dict[str, Any]) -> None:
    assert list(problems(broken, NEWEST))


def test_the_yaml_is_tidy() -> None:
    done = subprocess.run(
        [TOOLS / "yamllint", "-s", "-c", DEPLOY / ".yamllint", DEPLOY],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout == ""


def test_every_component_is_part_of_an_overlay_that_is_tested() -> None:
    there = {path.name for path in (DEPLOY / "k8s" / "components").iterdir()}
    used = {
        path.rsplit("/", 1)[1]
        for overlay in ("dev", "prod")
        for path in _kustomization(overlay)["components"]
    }
    ours = {
        "hpa-workers",
        "gpu",
        "mysql",
        "external-secrets",
        "oidc-egress",
    }  # the overlay of conftest.py
    assert there - used == ours


def _kustomization(overlay: str) -> dict[str, Any]:
    text = (DEPLOY / "k8s" / "overlays" / overlay / "kustomization.yaml").read_text()
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
