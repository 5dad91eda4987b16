"""What an API key may do beside its role: resources, to read, or to write and so to read too.

The resource of a route is its tag. A key without scopes may whatever its role may.
"""

from collections.abc import Collection, Iterable
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

RESOURCES = (
    "api-keys", "arr", "artists", "auth", "commands", "dispatch", "events", "feeds", "files",
    "history", "jobs", "log", "parked", "pipelines", "playback", "profiles", "sessions", "sites",
    "subscriptions", "system", "users", "videos", "what-if",
)  # fmt: skip
SCOPES = tuple(f"{resource}:{what}" for resource in RESOURCES for what in ("read", "write"))
INCLUDED = {
    "artist": "artists:read", "profile": "profiles:read", "run": "pipelines:read",
    "video": "videos:read", "videos": "videos:read",
}  # fmt: skip
"""What `include=` needs."""
READING = ("GET", "HEAD")


def _known(scope: str) -> str:
    if scope not in SCOPES:
        raise ValueError(f"there is no scope {scope!r}; known: {', '.join(SCOPES)}")
    return scope


Scope = Annotated[
    str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(SCOPES)})
]


def scope_of(resource: str, method: str, changes: bool) -> str:
    """What a request to a resource needs."""
    return f"{resource}:{'write' if changes and method.upper() not in READING else 'read'}"


def scopes_included(names: Iterable[str]) -> list[str]:
    """What `include=` of a request needs besides."""
    each = (name.strip() for part in names for name in part.split(","))
    return [INCLUDED[name] for name in each if name in INCLUDED]


def covers(held: Collection[str] | None, scope: str) -> bool:
    """Whether who holds these may do this."""
    resource = scope.partition(":")[0]
    return held is None or scope in held or f"{resource}:write" in held
