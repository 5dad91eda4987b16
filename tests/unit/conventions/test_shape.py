"""What is true of every service and every plug-in, so that knowing one is knowing all."""

import ast
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common import cli
from mvidarr_common.jobs import spec_of
from mvidarr_common.messages.jobs import SPECS
from mvidarr_common.service import AnyService
from mvidarr_common.settings import PREFIX, Settings

ROOT = Path(__file__).parents[3]
NAMES = sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml"))
PLUG_INS = (
    ("mvidarr_downloader.fetchers", "FETCHERS"),
    ("mvidarr_transcoder.operations", "OPERATIONS"),
    ("mvidarr_notifier.channels", "CHANNELS"),
    ("mvidarr_api_gateway.routes", "ROUTERS"),
)


def service(name: str) -> AnyService:
    """A service as the command line finds it."""
    [found] = entry_points(group="mvidarr.services", name=name)
    loaded: AnyService = found.load()
    return loaded


def package(name: str) -> Path:
    return ROOT / "services" / name / "src" / f"mvidarr_{name.replace('-', '_')}"


def test_there_are_five_services() -> None:
    assert NAMES == ["api-gateway", "catalog", "downloader", "notifier", "transcoder"]


@pytest.mark.parametrize("name", NAMES)
def test_a_service_is_found_under_the_name_of_its_folder(name: str) -> None:
    assert service(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_a_service_has_the_common_shape(name: str) -> None:
    for file in ("__init__.py", "service.py", "settings.py", "deps.py", "py.typed"):
        assert (package(name) / file).exists(), file
    assert import_module(f"mvidarr_{name.replace('-', '_')}").__doc__


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_described_and_has_a_default_or_is_required(name: str) -> None:
    for field, info in service(name).settings.model_fields.items():
        assert info.description, f"{PREFIX}{field.upper()}"


@pytest.mark.parametrize("name", NAMES)
def test_a_service_gives_slots_to_exactly_the_queues_it_works_on(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = service(name)
    settings: Settings = one.settings()
    assert set(one.slots(settings)) == {spec_of(handler).queue for handler in one.jobs}


def test_every_kind_of_job_has_exactly_one_handler() -> None:
    handled = [spec_of(handler).__name__ for name in NAMES for handler in service(name).jobs]
    assert sorted(handled) == sorted(spec.__name__ for spec in SPECS)


@pytest.mark.parametrize(("folder", "listed_in"), PLUG_INS)
def test_every_plug_in_is_listed(folder: str, listed_in: str) -> None:
    plug_ins = import_module(folder)
    listed = getattr(plug_ins, listed_in)
    for file in sorted(Path(str(plug_ins.__file__)).parent.glob("*.py")):
        if file.stem not in ("__init__", "base"):
            module = import_module(f"{folder}.{file.stem}")
            assert any(_is_of(item, module) for item in listed), (
                f"{file.name} is not in {listed_in}"
            )


def _is_of(item: Any, module: Any) -> bool:
    """Whether a listed plug-in is made in a module, as a value there or of a class there."""
    return type(item).__module__ == module.__name__ or any(
        value is item for value in vars(module).values()
    )


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for part in ("libs", "services")
        for path in sorted((ROOT / part).rglob("src/**/*.py"))
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_every_group_of_commands_is_listed() -> None:
    folder = Path(str(cli.__file__)).parent
    modules = [*folder.glob("*.py"), *folder.glob("*/__init__.py")]
    named = {path.parent.name if path.stem == "__init__" else path.stem: path for path in modules}
    groups = {name for name, path in named.items() if "\ndef register(" in path.read_text()}
    assert set(cli.GROUPS) == groups
