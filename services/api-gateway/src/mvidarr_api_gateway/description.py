"""The OpenAPI 3.1 document: what FastAPI knows of the routes, completed from tables."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from mvidarr_common.messages import Value

from .answers import HEADERS, PARAMETERS, Operation, PendingView, ProblemView, tell_all
from .cookies import ACCESS
from .deprecations import GOING
from .examples import give_examples
from .routes import ROUTERS
from .scopes import scope_of

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": ACCESS},
}
OWN: dict[str, type[Value]] = {"Problem": ProblemView, "Pending": PendingView}
LEFT_OUT = ("HTTPValidationError", "ValidationError")
"""How FastAPI would tell errors; ours are problems."""


def description(title: str, version: str, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document; making it takes longer than most requests."""
    made = get_openapi(title=title, version=version, routes=routes)
    _complete(made)
    return made


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Every method of every path."""
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            yield Operation(path, method, said)


def _complete(document: dict[str, Any]) -> None:
    components = document["components"]
    components["securitySchemes"] = SCHEMES
    components["headers"] = HEADERS
    components["parameters"] = {
        name: {"name": name, "in": "header"} | told for name, told in PARAMETERS.items()
    }
    give_examples(operations(document), ROUTERS)
    _join_names(operations(document))
    tell_all(operations(document))
    _tell_scopes(operations(document))
    for operation in operations(document):
        if operation.said["operationId"] in GOING:
            operation.said["deprecated"] = True
    for name in LEFT_OUT:
        components["schemas"].pop(name, None)
    for name, view in OWN.items():
        components["schemas"][name] = view.model_json_schema(mode="serialization")
    for name, schema in components["schemas"].items():
        schema["title"] = name.replace("-", "")
    _forget_defaults(components["schemas"])


def _tell_scopes(operations: Iterator[Operation]) -> None:
    """What an API key that has scopes must have."""
    for each in operations:
        if each.secured:
            changes = not each.said.get("x-no-command")
            each.said["x-required-scope"] = scope_of(each.said["tags"][0], each.method, changes)


def _join_names(operations: Iterator[Operation]) -> None:
    """Names are told with commas between them."""
    for operation in operations:
        for parameter in operation.said.get("parameters", ()):
            if parameter["name"] == "include":
                parameter |= {"style": "form", "explode": False}


def _forget_defaults(node: Any) -> None:
    """Those that are objects: generators of clients cannot write them down."""
    for inner in node.values() if isinstance(node, dict) else node:
        if isinstance(inner, dict) and isinstance(inner.get("default"), dict):
            del inner["default"]
        if isinstance(inner, dict | list):
            _forget_defaults(inner)
