"""Who is told of an alert: amtool decides, as Alertmanager would."""

import re
import subprocess

import pytest
import yaml

from mvidarr_common.testing.prometheus import alertmanager_programs

from .conftest import DEPLOY

CONFIGURATION = DEPLOY / "prometheus" / "alertmanager.yml"


def test_alertmanager_takes_its_configuration() -> None:
    assert "SUCCESS" in amtool("check-config", str(CONFIGURATION))


@pytest.mark.parametrize(("severity", "receiver"), [("page", "people"), ("ticket", "tickets")])
def test_alerts_go_to_those_who_must_know(severity: str, receiver: str) -> None:
    route = ("config", "routes", "test", f"--config.file={CONFIGURATION}")
    assert amtool(*route, f"severity={severity}", "alertname=Any").strip() == receiver


def test_alerts_that_are_held_back_by_name_exist() -> None:
    named = set(re.findall(r"Mvidarr\w+", CONFIGURATION.read_text()))
    rules = [yaml.safe_load(path.read_text()) for path in DEPLOY.glob("prometheus/rules/*.yaml")]
    there = {r.get("alert") for each in rules for group in each["groups"] for r in group["rules"]}
    assert named <= there


def amtool(*words: str) -> str:
    program = alertmanager_programs() / "amtool"
    done = subprocess.run([program, *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
