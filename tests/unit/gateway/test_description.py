"""Nothing is forgotten: route files, descriptions of settings, closed bodies, hidden secrets."""

from pathlib import Path

import mvidarr_api_gateway.routes as routes
from mvidarr_api_gateway.bodies import Body
from mvidarr_api_gateway.service import service
from mvidarr_common.redaction import HIDDEN, redacted


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
