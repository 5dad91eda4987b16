"""What an operation may answer besides what its route says: told here once, for the description.

A route says what it answers when all is well. What can go wrong follows from what kind of
operation it is: who may ask, what it names, whether it changes something.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mvidarr_common.messages import Value

from .problems import MEDIA_TYPE

Json = dict[str, Any]
NO_COMMAND = {"x-no-command": True}
"""For `openapi_extra` of a POST that asks something, or does what no command is about."""
DECIDED = {"x-never-pending": True}
"""For that of an operation which tells by itself what was not decided within the time."""
ABSENT = {"x-may-be-absent": True}
"""For that of a question about something that its path does not name."""


class ProblemView(Value):
    """An error (RFC 9457): a stable code and a sentence for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    request_id: str
    existing: str | None = None
    """What is in the way, such as the video that has this URL already."""


class PendingView(Value):
    """The command is in the log and will be decided; `location` tells what came of it."""

    command_id: str
    state: str
    location: str


@dataclass(frozen=True)
class Operation:
    """One method of one path, and what the document says of it so far."""

    path: str
    method: str
    said: Json

    @property
    def secured(self) -> bool:
        """Whether it asks who is asking."""
        return bool(self.said.get("security"))

    @property
    def changes(self) -> bool:
        """Whether it gives a command."""
        return self.method != "get" and not self.said.get("x-no-command")

    @property
    def may_be_pending(self) -> bool:
        """Whether its answer may be that nothing is decided yet."""
        return self.changes and not self.said.get("x-never-pending")

    @property
    def reads(self) -> bool:
        """Whether it shows something as JSON, which then has a tag."""
        return self.method == "get" and self.secured

    @property
    def has_body(self) -> bool:
        """Whether something is sent to it."""
        return "requestBody" in self.said

    @property
    def names(self) -> bool:
        """Whether it is about one thing, which there may not be."""
        return "{" in self.path or bool(self.said.get("x-may-be-absent"))

    @property
    def limited(self) -> bool:
        """Whether it can be too much, or the system not there for it."""
        return self.path.startswith(("/api", "/feed"))


@dataclass(frozen=True)
class Possible:
    """An answer, and of which operations it is one."""

    status: int
    sentence: str
    when: Callable[[Operation], bool]
    schema: str | None = "Problem"
    headers: tuple[str, ...] = ()


TOO_MUCH = (
    "Too much at a time. A request about many items counts as one for each of them, and as half of"
    " what a minute has at most."
)

POSSIBLE = (
    Possible(
        202, "Accepted; it was not decided within the time.", lambda o: o.may_be_pending,
        "Pending", ("Location",),
    ),
    Possible(304, "What the client has is still so.", lambda o: o.reads, None, ("ETag",)),
    Possible(400, "The body is not JSON.", lambda o: o.has_body),
    Possible(
        401, "Nobody knows who is asking.", lambda o: o.secured or "/auth/" in o.path,
        headers=("WWW-Authenticate",),
    ),
    Possible(403, "Who is asking may not.", lambda o: o.secured or "/auth/" in o.path),
    Possible(
        404, "There is no such thing.", lambda o: o.names or o.changes or "/oidc" in o.path
    ),
    Possible(409, "It cannot be done in the present state.", lambda o: o.changes),
    Possible(412, "It is not as If-Match says.", lambda o: o.changes),
    Possible(413, "The body is too large.", lambda o: o.has_body),
    Possible(422, "What was given cannot be used.", lambda o: o.limited),
    Possible(429, TOO_MUCH, lambda o: o.limited, headers=("Retry-After",)),
    Possible(431, "Address and headers are too long together.", lambda o: True),
    Possible(503, "Not now.", lambda o: o.limited, headers=("Retry-After",)),
)  # fmt: skip

HEADERS: dict[str, Json] = {
    "ETag": {"description": "Names what was answered.", "schema": {"type": "string"}},
    "Location": {"description": "Where it is found.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "How to say who.", "schema": {"type": "string"}},
}

PARAMETERS: dict[str, Json] = {
    "Idempotency-Key": {
        "description": "Sent again with the same key, a request is carried out once.",
        "schema": {"type": "string", "maxLength": 200},
        "example": "2f1c9a52-add-joga",
    },
    "If-Match": {
        "description": "Only if it is still as a GET with this ETag has shown it.",
        "schema": {"type": "string"},
        "example": '"9f86d081884c7d659a2feaa0"',
    },
    "If-None-Match": {
        "description": "Not if it is as this ETag says; with * not if it is there.",
        "schema": {"type": "string"},
        "example": '"9f86d081884c7d659a2feaa0"',
    },
    "Prefer": {
        "description": "Seconds to wait for what comes of it (RFC 7240).",
        "schema": {"type": "string", "pattern": "^wait=[0-9]{1,2}$"},
        "example": "wait=5",
    },
}
"""Headers that requests may have, whatever they are about."""


def tell_all(operations: Iterable[Operation]) -> None:
    """Write into the operations what else they may answer; what a route says itself stays."""
    for operation in operations:
        answers = operation.said["responses"]
        operation.said.setdefault("parameters", []).extend(
            {"$ref": f"#/components/parameters/{name}"} for name in _headers(operation)
        )
        if "HTTPValidationError" in str(answers.get("422")):
            del answers["422"]
        if operation.changes and "201" in answers:
            answers.setdefault("200", answers["201"] | {"description": "It was so already."})
        for kind, content in _contents(answers):
            if "json" not in kind:
                content.setdefault("schema", {"type": "string"})
        for possible in POSSIBLE:
            if possible.when(operation):
                answers.setdefault(str(possible.status), _described(possible))
        operation.said["responses"] = dict(sorted(answers.items()))


def _contents(answers: Json) -> Iterator[tuple[str, Json]]:
    for answer in answers.values():
        yield from answer.get("content", {}).items()


def _headers(operation: Operation) -> tuple[str, ...]:
    if operation.changes:
        return tuple(PARAMETERS)
    return ("If-None-Match",) if operation.reads else ()


def _described(possible: Possible) -> Json:
    told: Json = {"description": possible.sentence}
    if possible.headers:
        told["headers"] = {
            name: {"$ref": f"#/components/headers/{name}"} for name in possible.headers
        }
    if possible.schema:
        kind = MEDIA_TYPE if possible.schema == "Problem" else "application/json"
        told["content"] = {kind: {"schema": {"$ref": f"#/components/schemas/{possible.schema}"}}}
    return told
