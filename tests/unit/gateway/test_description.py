"""Nothing is forgotten: route files, descriptions of settings, closed bodies, hidden secrets."""

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import jsonschema

import mvidarr_api_gateway.routes as routes
from mvidarr_api_gateway.app import api
from mvidarr_api_gateway.bodies import Body
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.description import operations
from mvidarr_api_gateway.service import service
from mvidarr_common.redaction import HIDDEN, redacted


@cache
def document() -> dict[str, Any]:
    """Made when the first test asks: every process reads this file, and one runs it."""
    return api(cast(Deps, SimpleNamespace())).openapi()


def test_every_route_file_is_listed() -> None:
    files = {path.stem for path in Path(routes.__file__).parent.glob("[!_]*.py")}
    listed = {name for name in files if getattr(routes, name).router in routes.ROUTERS}
    assert listed == files
    assert len(routes.ROUTERS) == len(files)


def test_every_setting_is_described() -> None:
    assert service.name == "api-gateway"
    for name, field in service.settings.model_fields.items():
        assert field.description, name


def test_unknown_fields_of_bodies_are_refused_everywhere() -> None:
    assert [body for body in Body.__subclasses__() if body.model_config["extra"] != "forbid"] == []


def test_secrets_are_hidden_however_deep() -> None:
    record = {"data": [{"spec": {"secret": "s", "address": None, "name": "n"}}], "keyHash": "k"}
    assert redacted(record) == {
        "data": [{"spec": {"secret": HIDDEN, "address": None, "name": "n"}}],
        "keyHash": HIDDEN,
    }


def test_every_parameter_and_every_body_has_an_example_that_fits() -> None:
    for operation in operations(document()):
        where = f"{operation.method} {operation.path}"
        for parameter in operation.said.get("parameters", ()):
            told = parameter
            if "$ref" in parameter:
                told = document()["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
            _require_fit(told["schema"], told["example"], f"{where} {told['name']}")
        for content in operation.said.get("requestBody", {}).get("content", {}).values():
            assert content["example"], where
            _require_fit(content["schema"], content["example"], where)


def test_every_answer_says_what_it_holds() -> None:
    for operation in operations(document()):
        for status, answer in operation.said["responses"].items():
            for kind, content in answer.get("content", {}).items():
                where = f"{operation.method} {operation.path} {status} {kind}"
                assert content.get("schema"), where


def test_errors_are_problems_everywhere() -> None:
    assert "HTTPValidationError" not in str(document())
    for operation in operations(document()):
        told = {status for status, answer in operation.said["responses"].items()
                if "application/problem+json" in answer.get("content", {})}  # fmt: skip
        if operation.secured:
            assert told >= {"401", "403", "422", "503"}, operation
        if operation.secured and operation.changes:
            assert told >= {"404", "409"}, operation


def _require_fit(schema: dict[str, Any], value: Any, where: str) -> None:
    whole = {**schema, "components": document()["components"]}
    errors = list(jsonschema.Draft202012Validator(whole).iter_errors(value))
    assert not errors, f"{where}: {errors[0].message}"
