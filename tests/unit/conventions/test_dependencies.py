"""Every direct dependency is worth a line, and the tree names no registry."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROJECTS = [
    ROOT / "pyproject.toml",
    *ROOT.glob("libs/*/pyproject.toml"),
    *ROOT.glob("services/*/pyproject.toml"),
]
# Spelled so that this file names none of them either.
HOSTS = re.compile(
    r"pypi[.]org|python[h]osted[.]org|registry[.]npm[j]s[.]org|registry[.]yarn[p]kg[.]com"
    r"|proxy[.]go[l]ang[.]org"
)
OPTIONS = re.compile(r'--(extra-)?index-url|^\s*registry\s*=|"resolved":\s*"http', re.MULTILINE)


def normal(name: str) -> str:
    """One spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required() -> Iterator[str]:
    """Every direct dependency of every member and of the workspace."""
    for path in PROJECTS:
        project = tomllib.loads(path.read_text())
        wanted = project["project"].get("dependencies", [])
        wanted += project.get("dependency-groups", {}).get("dev", [])
        wanted += project.get("build-system", {}).get("requires", [])
        for requirement in wanted:
            name = re.match(r"[\w.-]+", requirement)
            assert name, requirement
            yield normal(name[0])


def described() -> list[str]:
    """What docs/dependencies.md has a row for: name, licence, reason."""
    rows = re.findall(
        r"^\| ([\w.-]+) \| (.+?) \| (.+?) \|$", (ROOT / "docs/dependencies.md").read_text(), re.M
    )
    return [normal(name) for name, *_ in rows if name != "package" and set(name) != {"-"}]


def test_every_direct_dependency_has_its_line_and_no_other_has() -> None:
    wanted = {name for name in required() if not name.startswith("mvidarr")}
    assert sorted(set(described())) == sorted(wanted)


def test_no_line_stands_twice() -> None:
    assert len(described()) == len(set(described()))


def locked(file: str) -> set[str]:
    """What a file of pinned requirements installs."""
    return {normal(name) for name in re.findall(r"^([\w.-]+)==", (ROOT / file).read_text(), re.M)}


def test_every_direct_dependency_is_locked() -> None:
    wanted = {name for name in required() if not name.startswith("mvidarr")}
    assert wanted - locked("requirements.lock") == set()


def test_what_is_installed_at_the_same_time_is_not_the_same() -> None:
    beside = locked("tests/clients.txt"), locked("tests/footage.txt")
    assert set.intersection(*beside) == set()
    assert set.union(*beside) & locked("requirements.lock") == set()


def test_no_registry_is_named_in_the_tree() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if not name or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text(errors="ignore")
        assert not OPTIONS.search(text), name
        assert not HOSTS.search(text), name
