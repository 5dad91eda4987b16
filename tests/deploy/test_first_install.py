"""The first-install Job, against an API that takes a Secret once."""

import json
import runpy
import ssl
import subprocess
import threading
import urllib.error
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.secrets import instance_key
from mvidarr_common.settings import Settings

from .conftest import DEPLOY, Object
from .meaning import KEYS_MADE_BY
from .schemas import NEWEST, problems

SCRIPT = DEPLOY / "k8s" / "components" / "first-install" / "make_keys.py"
PATH = "/api/v1/namespaces/mvidarr/secrets"


class Api(HTTPServer):
    """The part of the Kubernetes API that a Role with `create` on Secrets opens."""

    made: list[Object]
    token = "token of the account"


class Answer(BaseHTTPRequestHandler):
    server: Api

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        allowed = self.headers["Authorization"] == f"Bearer {self.server.token}"
        code = 409 if self.server.made else 201
        if allowed and self.path == PATH and code == 201:
            self.server.made.append(json.loads(body))
        self.send_response(code if allowed and self.path == PATH else 403)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """Over TLS, with a certificate that only the account's folder vouches for."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", tmp_path / "key", "-out", tmp_path / "ca.crt", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    for name, text in (("namespace", "mvidarr"), ("token", Api.token)):
        (tmp_path / name).write_text(text)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(tmp_path / "ca.crt", tmp_path / "key")
    with Api(("127.0.0.1", 0), Answer) as server:
        server.made = []
        server.socket = trust.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_keys_are_made_once_and_can_be_used(api: Api, tmp_path: Path) -> None:
    make = _script()["main"]
    address = f"https://localhost:{api.server_port}"
    make(address, tmp_path)
    make(address, tmp_path)
    (secret,) = api.made
    assert list(problems(secret, NEWEST)) == []
    assert secret["metadata"]["name"] == "mvidarr-keys"
    assert set(secret["stringData"]) == KEYS_MADE_BY["mvidarr-keys"]
    assert instance_key(Settings(instance_key=secret["stringData"]["instance-key"]))


def test_what_the_api_refuses_is_an_error_so_that_the_job_is_tried_again(
    api: Api, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("of somebody else")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        _script()["main"](f"https://localhost:{api.server_port}", tmp_path)
    assert api.made == []


def test_its_account_may_do_that_and_nothing_else(render: Callable[[str], list[Object]]) -> None:
    (role,) = [each for each in render("prod") if each["kind"] == "Role"]
    assert role["rules"] == [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]}]


def _script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))
