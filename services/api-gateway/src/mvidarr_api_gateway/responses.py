"""Answers: the catalog's bytes passed through, or a value of our own."""

from typing import Any

import orjson
from starlette.responses import Response

JSON = "application/json"


def json_bytes(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON that is bytes already."""
    return Response(body, status, headers, JSON)


def json_value(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(orjson.dumps(value), status, headers, JSON)
