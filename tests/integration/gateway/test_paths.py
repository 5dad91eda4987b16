"""Addresses name things by ids: whatever stands in them, nothing outside the library is reached."""

from collections.abc import Awaitable, Callable, Iterator

import httpx
import pytest

from mvidarr_api_gateway.app import api
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.description import operations
from mvidarr_common.messages.identity import Role

As = Callable[[Role], Awaitable[httpx.AsyncClient]]
SECRET = "not for the world"
CLIMBS = (
    "%2E%2E%2F%2E%2E%2Fsecret.txt", "../../secret.txt", "..%5C..%5Csecret.txt", "%2Fetc%2Fpasswd",
    "file:%2F%2F%2Fetc%2Fpasswd", "secret.txt%00.mp4", "%E2%80%A4%E2%80%A4%2Fsecret.txt",
)  # fmt: skip


async def test_no_path_leads_out_of_the_library(
    as_: As, deps: Deps, subtests: pytest.Subtests
) -> None:
    for folder in (deps.root.path, deps.root.path.parent):
        (folder / "secret.txt").write_text(SECRET)
    client, document = await as_("admin"), api(deps).openapi()
    for operation in operations(document):
        if operation.method == "get" and "{" in operation.path:
            with subtests.test(path=operation.path):
                for path in _climbing(operation.path, operation.said["parameters"]):
                    answer = await client.get(path)
                    assert answer.status_code in (200, 404, 405, 422), path
                    assert SECRET not in answer.text, path
                    assert "root:" not in answer.text, path
                    assert answer.headers["content-type"].endswith("json"), path


def _climbing(path: str, parameters: list[dict[str, str]]) -> Iterator[str]:
    """Each parameter in turn as nobody means it."""
    told = {each["name"]: str(each["example"]) for each in parameters if each.get("in") == "path"}
    for name in told:
        for climb in CLIMBS:
            yield path.format(**told | {name: climb})
