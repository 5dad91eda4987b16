"""The Dockerfile and compose.yaml, as far as they can be judged without a container engine."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from mvidarr_common.cli.run import installed

from .conftest import DEPLOY, TOOLS, Object

TOP = DEPLOY.parent


def test_the_dockerfile_follows_the_rules() -> None:
    assert _printed(TOOLS / "hadolint", DEPLOY / "Dockerfile") == ""


def test_the_result_runs_as_a_number_and_without_a_shell() -> None:
    final = _stages()[-1]
    assert re.search(r"^USER \d+:\d+$", final, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["mvidarr", "run"\]$', final, re.MULTILINE)
    assert "MVIDARR_SERVICE=${SERVICE}" in final


def test_nothing_is_installed_into_the_result() -> None:
    first, *later = _stages()
    assert "uv pip install" in first
    assert [stage for stage in later if re.search("^RUN", stage, re.MULTILINE)] == []


def test_the_builders_of_debian_can_read_it() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert not re.search(r"^# *syntax=|<<|--link", text, re.MULTILINE)


def test_everything_that_is_copied_is_let_into_the_build() -> None:
    allowed = {
        line[1:]
        for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    found = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", "".join(_stages()), re.MULTILINE)
    copied = {name for line in found for name in line.split()}
    assert copied == allowed
    assert all((TOP / name).exists() for name in copied)


def test_the_start_script_is_clean_shell() -> None:
    assert subprocess.run(["sh", "-n", DEPLOY / "all-in-one.sh"], check=False).returncode == 0


def test_compose_has_the_form_of_compose_files() -> None:
    arguments = ["--builtin-schema", "vendor.compose-spec", "-q", str(DEPLOY / "compose.yaml")]
    assert _printed(TOOLS / "check-jsonschema", *arguments) == ""


def test_compose_waits_for_health_and_takes_its_secrets_from_files(tmp_path: Path) -> None:
    compose = _compose()
    command = [sys.executable, str(DEPLOY / "make_secrets.py"), str(tmp_path)]
    subprocess.run(command, check=True)
    for secret in compose["secrets"].values():
        assert (tmp_path / Path(secret["file"]).name).stat().st_size > 0
    for name in ("api-gateway", "catalog", "downloader", "transcoder", "notifier"):
        service = compose["services"][name]
        waits = service["depends_on"].values()
        assert {each["condition"] for each in waits} == {"service_healthy"}
        assert set(service["secrets"]) <= set(compose["secrets"])
        assert "container_name" not in service  # --scale must work
    assert not any(_looks_secret(text) for text in _texts(compose))


def test_what_watches_is_started_when_it_is_asked_for() -> None:
    by_profile: dict[str, set[str]] = {}
    for name, service in _compose()["services"].items():
        for profile in service.get("profiles", ("",)):
            by_profile.setdefault(profile, set()).add(name)
    assert by_profile.pop("") == {*installed(), "rabbitmq", "postgres"}
    assert by_profile == {
        "monitoring": {"prometheus", "alertmanager", "grafana"}, "tracing": {"collector"},
    }  # fmt: skip


def test_secrets_are_made_once(tmp_path: Path) -> None:
    command = [sys.executable, str(DEPLOY / "make_secrets.py"), str(tmp_path)]
    subprocess.run(command, check=True)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    (tmp_path / "admin-password").unlink()
    subprocess.run(command, check=True)
    after = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {"admin-password"}


def test_compose_ends_processes_later_than_they_end_themselves() -> None:
    seconds = {"60s": 60, "1h": 3600}
    for service in _compose()["services"].values():
        if "MVIDARR_GRACE" in (service.get("environment") or {}):
            own = float(service["environment"]["MVIDARR_GRACE"])
            assert own < seconds[service["stop_grace_period"]]


def _stages() -> list[str]:
    text = (DEPLOY / "Dockerfile").read_text()
    return re.split(r"^FROM .*$", text, flags=re.MULTILINE)[1:]


def _compose() -> Object:
    loaded: Object = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [str(value)]


def _looks_secret(text: str) -> bool:
    return bool(re.search(r"://[^/\s]*:[^/\s]*@", text))


def _printed(*command: str | Path) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout + done.stderr
