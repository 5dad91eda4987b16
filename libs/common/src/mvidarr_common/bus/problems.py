"""How an answerer's problem travels to who asked, the same for both engines.

The wire carries the HTTP status rather than a class name, so that a class may be renamed.
"""

from typing import Any

import orjson

from mvidarr_common.errors import Problem, problem_for


def pack(problem: Problem) -> bytes:
    """The problem as bytes."""
    named = {
        "status": problem.status,
        "code": problem.code,
        "message": problem.message,
        "after": problem.after,
        "existing": problem.existing,
        "more": problem.more or None,
    }
    return orjson.dumps({name: value for name, value in named.items() if value is not None})


def unpack(body: bytes) -> Problem:
    """The same problem, to be raised on the asker's side."""
    raw: dict[str, Any] = orjson.loads(body)
    return problem_for(raw["status"])(
        raw["code"],
        raw["message"],
        after=raw.get("after"),
        existing=raw.get("existing"),
        more=raw.get("more"),
    )


def told(error: Exception) -> Problem:
    """What the asker may know of an error: a defect keeps its details to itself."""
    if isinstance(error, Problem):
        return error
    return Problem("internal", "The question could not be answered because of a defect.")
