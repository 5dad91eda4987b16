"""One of each kind of thing, made by the examples of the API's own description."""

import re
from typing import Any

import httpx

from mvidarr_api_gateway.answers import Operation

Json = dict[str, Any]
NAMED = re.compile(r"(/[\w/-]+)/\{(\w+)\}")


async def make_things(client: httpx.AsyncClient, document: Json) -> dict[str, str]:
    """Those that can be made, by the path of their list."""
    made: dict[str, str] = {}
    for path, methods in document["paths"].items():
        under = any(other.startswith(f"{path}/{{") for other in document["paths"])
        if under and "{" not in path:
            if "post" in methods:
                body = methods["post"]["requestBody"]["content"]["application/json"]["example"]
                answer = await client.post(path, json=body)
                assert answer.status_code == 201, f"{path}: {answer.text}"
                made[path] = answer.json()["id"]
            elif items := (await client.get(path)).json().get("items"):
                made[path] = items[0].get("id") or items[0].get("name")
    return made


def real_names(path: str, things: dict[str, str]) -> Json:
    """Values of a path's parameters that name things which there are."""
    named = ((name, under) for under, name in NAMED.findall(path) if name != "deed")
    return {name: things[under] for name, under in named if under in things}


def real_path(operation: Operation, things: dict[str, str]) -> str:
    """The path with such names, and with examples where there are none."""
    told = {
        each["name"]: each["example"] for each in operation.said["parameters"] if "name" in each
    }
    return operation.path.format(**told | real_names(operation.path, things))
