"""Secrets in Git as examples/sops tells it: encrypted for a recipient, and read by it alone."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest
import yaml

from .conftest import DEPLOY, TOOLS
from .meaning import KEYS_MADE_BY

EXAMPLE = DEPLOY / "k8s" / "examples" / "sops"
NAME = "secret-keys.yaml"


@pytest.fixture
def owner() -> pyrage.x25519.Identity:
    """Whose recipient stands in .sops.yaml."""
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def repository(tmp_path: Path, owner: pyrage.x25519.Identity) -> Path:
    """A folder with .sops.yaml for the owner, and the Secret as the README makes it."""
    told = (EXAMPLE / ".sops.yaml").read_text()
    (tmp_path / ".sops.yaml").write_text(re.sub(r"age1\w+", str(owner.to_public()), told))
    secrets = tmp_path / "secrets"
    command = [sys.executable, str(DEPLOY / "make_secrets.py"), str(secrets)]
    subprocess.run(command, check=True)
    (line,) = re.findall(r"kubectl (create secret .*?) \\\n", (EXAMPLE / "README.md").read_text())
    keys = [f"--from-file={secrets / key}" for key in KEYS_MADE_BY["mvidarr-keys"]]
    made = run(tmp_path, TOOLS / "kubectl", *line.split(), *keys)
    (tmp_path / NAME).write_text(made)
    shutil.rmtree(secrets)
    return tmp_path


def test_only_values_are_encrypted_and_only_their_owner_reads_them(
    repository: Path, owner: pyrage.x25519.Identity
) -> None:
    plain = yaml.safe_load((repository / NAME).read_text())
    run(repository, TOOLS / "sops", "encrypt", "--in-place", NAME)
    kept = yaml.safe_load((repository / NAME).read_text())
    assert kept["metadata"] == plain["metadata"]
    assert plain["metadata"]["name"] == "mvidarr-keys"
    assert set(kept["data"]) == KEYS_MADE_BY["mvidarr-keys"]
    assert all(value.startswith("ENC[") for value in kept["data"].values())
    read = run(repository, TOOLS / "sops", "decrypt", NAME, key=str(owner))
    assert yaml.safe_load(read) == plain
    stranger = str(pyrage.x25519.Identity.generate())
    with pytest.raises(subprocess.CalledProcessError):
        run(repository, TOOLS / "sops", "decrypt", NAME, key=stranger)


def run(folder: Path, *command: str | Path, key: str = "") -> str:
    """What a command prints, with this private key and no other."""
    environment = os.environ | {"SOPS_AGE_KEY": key, "HOME": str(folder)}
    return subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=folder, env=environment
    ).stdout
