"""The API keeps its word: whatever is sent, it answers as its description says, and never with 5xx.

A short form, always the same; `make fuzz` sends many times as much, and other things each time.
"""

import asyncio
import os
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks
from tests.integration.gateway.made import make_things, real_names

from mvidarr_api_gateway.app import api
from mvidarr_api_gateway.deps import Deps

Json = dict[str, Any]
LONG = "MVIDARR_FUZZ" in os.environ
EXAMPLES = int(os.environ.get("MVIDARR_FUZZ", "2"))
"""Requests of each kind, right and wrong, to each operation."""
HELD = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
QUICK = settings(
    max_examples=EXAMPLES, database=None, deadline=None, derandomize=not LONG,
    phases=[Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.mark.timeout(60 + 60 * EXAMPLES)
async def test_every_answer_is_as_described(
    port: int, as_: Any, token: Any, deps: Deps, subtests: pytest.Subtests
) -> None:
    document = api(deps).openapi()
    things = await make_things(await as_("admin"), document)
    schema = schemathesis.openapi.from_dict(document)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {await token('admin')}"
        for found in schema.get_all_operations():
            assert isinstance(found, Ok)
            operation = found.ok()
            if "event-stream" in str(operation.definition.raw["responses"]):
                continue  # it never ends
            with subtests.test(operation=operation.label):
                trial = Trial(
                    f"http://127.0.0.1:{port}", session, real_names(operation.path, things)
                )
                await asyncio.to_thread(trial.run, operation)


class Trial:
    """Requests to one operation."""

    def __init__(self, address: str, session: requests.Session, real: Json) -> None:
        self._address = address
        self._session = session
        self._real = real

    def run(self, operation: Any) -> None:
        """What fits the description, and what does not; some of it about things that there are."""
        for mode in schemathesis.GenerationMode:
            cases = operation.as_strategy(generation_mode=mode)
            tried = QUICK(given(case=cases, real=st.booleans())(self._send))
            try:
                tried()
            except Unsatisfiable:
                assert mode.is_negative, "nothing fits its description"

    def _send(self, case: schemathesis.Case[Any], real: bool) -> None:
        if real:
            case.path_parameters |= self._real
            case.headers.pop("If-Match", None)
            case.headers.pop("If-None-Match", None)
        case.headers["Prefer"] = "wait=1"
        case.call_and_validate(self._address, self._session, checks=HELD)
