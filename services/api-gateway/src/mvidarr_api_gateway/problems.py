"""Errors as problem+json (RFC 9457): a stable code and a sentence, whatever went wrong."""

import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from mvidarr_common.errors import Problem, Unconfirmed, problem_for
from mvidarr_common.messages.ids import new_id
from mvidarr_common.messages.system import CommandRejected

from .rates import Left, crowded

MEDIA_TYPE = "application/problem+json"
CODES = {
    400: ("invalid_json", "The body is not JSON."),
    404: ("not_found", "There is nothing at this address."),
    408: ("too_slow", "The body did not come in time."),
    405: ("method_not_allowed", "This address does not know the method."),
    413: ("too_large", "The body is larger than what is accepted."),
}


def install(app: FastAPI) -> None:
    """Let every error of the application be told this way."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _defect)


def rejection(rejected: CommandRejected) -> Problem:
    """A refused command as the problem that HTTP answers."""
    return problem_for(_status(rejected.code))(
        rejected.code, rejected.message, existing=rejected.existing
    )


def tell(
    request: Request,
    status: int,
    code: str,
    detail: str,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:
    """The answer; members of `more` that are None are left out."""
    body = {
        "type": f"urn:mvidarr:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "instance": request.url.path,
        "requestId": request_id(request),
    }
    body |= {name: value for name, value in more.items() if value is not None}
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def refused(scope: Scope, left: Left) -> Response:
    """The answer to a request that is one too many."""
    wait = {"Retry-After": str(math.ceil(left.wait))}
    return tell(Request(scope), 429, "rate_limited", crowded(left), wait)


def request_id(request: Request) -> str:
    """The id that answer and log lines of a request share."""
    found: str = request.scope.setdefault("state", {}).setdefault("request_id", new_id())
    return found


def _status(code: str) -> int:
    if code.endswith("not_found"):
        return 404
    if code == "changed_meanwhile":
        return 412
    return 422 if code.startswith(("invalid_", "bad_")) else 409


async def _problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    headers = {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="mvidarr"'
    if problem.status in (429, 503):
        headers["Retry-After"] = str(math.ceil(problem.after or 1))
    if isinstance(problem, Unconfirmed):
        headers["Idempotency-Key"] = request.state.idempotency_key
    more = {"existing": problem.existing} | problem.more
    return tell(request, problem.status, problem.code, problem.message, headers, **more)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = CODES.get(error.status_code, ("http_error", str(error.detail)))
    headers = dict(error.headers) if error.headers else None
    return tell(request, error.status_code, code, detail, headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid" or isinstance(first.get("input"), bytes):
        return tell(request, 400, "invalid_json", _not_json(first))
    if first["loc"][0] == "path":
        return tell(request, 404, *CODES[404])
    code = "invalid_query" if first["loc"][0] == "query" else "invalid_body"
    errors = [{"field": _field(e["loc"]), "message": _sentence(e)} for e in error.errors()]
    detail = "; ".join(f"{e['field']}: {e['message']}" for e in errors[:3])
    return tell(request, 422, code, detail, errors=errors)


async def _defect(request: Request, error: Exception) -> Response:
    return tell(request, 500, "internal", "Something is broken here; the log has the details.")


def _not_json(error: dict[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return f"The body is not JSON: {error['ctx']['error']} at character {error['loc'][-1]}."
    return "The body is not JSON, or is not sent as application/json."


def _field(location: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in location[1:]) or str(location[0])


def _sentence(error: dict[str, Any]) -> str:
    return str(error["msg"]).removeprefix("Value error, ")
