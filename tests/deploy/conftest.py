"""Renders the Kubernetes manifests as an operator would, each overlay once."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Object = dict[str, Any]
DEPLOY = Path(__file__).parents[2] / "deploy"
TOOLS = Path(sys.executable).parent
OVERLAYS = ("dev", "prod", "without-operators")


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of deploy/ with secrets, and an overlay of the components that prod leaves out."""
    copy = tmp_path_factory.mktemp("deploy") / "deploy"
    shutil.copytree(DEPLOY, copy, ignore=shutil.ignore_patterns("secrets", "data"))
    overlays = copy / "k8s" / "overlays"
    secrets = overlays / "dev" / "secrets"
    command = [sys.executable, str(copy / "make_secrets.py"), str(secrets)]
    subprocess.run(command, check=True)
    other = overlays / "without-operators"
    other.mkdir()
    components = (
        "hpa", "hpa-workers", "ingress", "gpu", "shared-storage", "mysql", "external-secrets",
        "oidc-egress",
    )  # fmt: skip
    others = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "mvidarr",
        "resources": ["../dev"],
        "components": [f"../../components/{name}" for name in components],
        "generatorOptions": {"disableNameSuffixHash": True},
        "secretGenerator": [{"name": "mvidarr-mysql", "literals": ["uri=x", "password=x"]}],
    }
    (other / "kustomization.yaml").write_text(yaml.safe_dump(others))
    return copy


@pytest.fixture(scope="session")
def render(tree: Path) -> Callable[[str], list[Object]]:
    """The objects of an overlay."""
    rendered: dict[str, list[Object]] = {}

    def objects(overlay: str) -> list[Object]:
        if overlay not in rendered:
            folder = tree / "k8s" / "overlays" / overlay
            done = subprocess.run(
                [TOOLS / "kubectl", "kustomize", folder],
                check=False,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            assert done.stderr == ""
            rendered[overlay] = [each for each in yaml.safe_load_all(done.stdout) if each]
        return rendered[overlay]

    return objects


@pytest.fixture(params=OVERLAYS)
def objects(request: pytest.FixtureRequest, render: Callable[[str], list[Object]]) -> list[Object]:
    """The objects of every overlay in turn."""
    return render(request.param)
