"""Examples for the API's description: bodies made from their classes, parameters by their names."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from fastapi.routing import APIRoute, APIRouter
from pydantic import BaseModel

from mvidarr_common.messages.examples import example

from .answers import Operation

NAMED = {
    "artwork": "poster", "batches": "batch-1", "paces": "youtube", "pipelines": "acquire",
    "queues": "download", "quotas": "user/user-1", "retry-policies": "download", "run": "video-1",
    "sites": "youtube",
}  # fmt: skip
"""What is named behind this word of a path; the others are ids."""
PARAMETERS: dict[str, Any] = {
    "after": 100, "at": "2026-01-02T03:04:05Z", "contains": "Björk", "cursor": "WyIyMDI2Il0",
    "end": "2026-01-31", "fields": "id,title,state", "filter": "state = ready",
    "of": "video/video-1", "path": "library/Björk/Björk - Jóga.mp4", "search": "Jóga",
    "sort": "-added", "sortKey": "added", "start": "2026-01-01", "typeIs": "event.video",
    "/api/v1/events after": "log-1:100", "forSubject": "video/video-1",
    "kindIs": "download", "topics": "jobs,library",
}  # fmt: skip
"""By name, or by path and name; what is not here has a default, a list of values, or is an id."""
BODIES: dict[str, Any] = {
    "ArtistsToFollow": {"items": [{"name": "Björk", "key": "a"}]},
    "ManyArtists": {"items": [{"id": "artist-1"}]},
    "ManyJobs": {"items": [{"id": "job-1"}]},
    "ManyVideos": {"items": [{"id": "video-1"}]},
    "VideosToAdd": {"items": [{"url": "https://videos.example/joga", "key": "line 1"}]},
    "VideosToEdit": {"items": [{"id": "video-1", "title": "Jóga", "clear": ["album"]}]},
    "BulkEdit": {"filter": 'artist = "Björk"', "changes": {"artist": "Björk"}},
    "Accepted": {
        "token": "mvl_…", "username": "bjork", "password": "correct horse battery",
    },
    "Code": {"code": "287082"},
    "ContactBody": {"channel": "apprise", "address": "mailto://user:password@mail.example"},
    "CommandBody": {"name": "RescanFolders"},
    "EditBody": {"title": "Jóga", "released": "1997-09-15", "clear": ["album"]},
    "Login": {"username": "admin", "password": "correct horse battery"},
    "Matching": {"filter": "state = failed and failure.code = unavailable"},
    "NewApiKey": {"name": "player", "role": "readonly", "scopes": ["videos:read", "files:read"]},
    "NewImport": {"path": "old/joga.mp4", "known": {"title": "Jóga", "artist": "Björk"}},
    "NewJob": {"spec": {"kind": "noop"}, "priority": 5},
    "NewJobs": {"specs": [{"kind": "noop"}]},
    "NewPassword": {"password": "correct horse battery"},
    "NewUser": {"username": "bjork", "password": "correct horse battery", "role": "user"},
    "NewVideo": {"url": "https://videos.example/joga", "known": {"artist": "Björk"}},
    "Over": {"filter": "quality in (360p, 480p)"},
    "PlanBody": {
        "title": "Fetch and prove",
        "steps": [
            {"name": "fetch", "does": "download"},
            {"name": "prove", "does": "verify", "after": ["fetch"]},
        ],
    },
    "PolicyBody": {"attempts": 5, "firstPause": 10, "longestPause": 3600, "jitter": 0.2},
    "Redeemed": {"token": "mvl_…", "password": "correct horse battery"},
    "Renewal": {"refreshToken": "mvr_…"},
    "SiteBody": {"rate": 2000000, "country": "IS", "arguments": {"youtube": {"lang": ["is"]}}},
    "SubscriptionBody": {
        "name": "chat", "channel": "apprise", "address": "discord://id/token",
        "events": ["video.ready"],
    },
    "Trial": {"videoId": "video-1", "name": "acquire"},
    "Wish": {"template": "{Artist Name}/{Video Title}", "filter": "state = ready"},
}  # fmt: skip
"""By class, where one that is made of its fields would not be taken."""
TEXTS = {
    "application/octet-stream": '{"specversion":"1.0","id":"…","type":"event.video.added", …}',
    "text/x-opml": '<opml version="2.0"><body><outline text="Björk"/></body></opml>',
}
"""By content type."""
IDS = re.compile(r"/([a-z-]+)/\{$")


def give_examples(operations: Iterable[Operation], routers: Iterable[APIRouter]) -> None:
    """Write examples of every parameter and body into the operations."""
    bodies = dict(_bodies(routers))
    for operation in operations:
        for parameter in operation.said.get("parameters", ()):
            name = parameter["name"]
            place = operation.path.partition(f"{name}}}")[0]
            parameter.setdefault("example", _parameter(name, parameter["schema"], place))
        body = bodies.get((operation.path, operation.method))
        for kind, content in operation.said.get("requestBody", {}).get("content", {}).items():
            content.setdefault("example", TEXTS.get(kind, body))


def _bodies(routers: Iterable[APIRouter]) -> Iterator[tuple[tuple[str, str], Any]]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.body_field:
                for method in route.methods or ():
                    body = _model(route.body_field.field_info.annotation)
                    yield (route.path_format, method.lower()), _body(body)


def _model(annotation: Any) -> Any:
    """The class of a body, which may be optional."""
    return next(
        (part for part in (annotation, *get_args(annotation)) if _is_model(part)), annotation
    )


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _body(model: Any) -> Any:
    return BODIES.get(model.__name__) or example(model).model_dump(mode="json", exclude_none=True)


def _parameter(name: str, schema: dict[str, Any], place: str) -> Any:
    for each in (schema, *schema.get("anyOf", ())):
        if "enum" in each:
            return each["enum"][0]
        if each.get("type") == "array":
            return [_first(each["items"]) or f"{name.removesuffix('s')}-1"]
    if "string" in _kinds(schema) and (found := IDS.search(place)):
        return NAMED.get(found[1], f"{found[1].removesuffix('s')}-1")
    known = PARAMETERS.get(f"{place} {name}", PARAMETERS.get(name))
    if known is not None and ("string" in _kinds(schema) or not isinstance(known, str)):
        return known
    return _plain(name, schema) if schema.get("default") is None else schema["default"]


def _first(schema: dict[str, Any]) -> Any:
    """Of a closed list of values."""
    return schema.get("const") or next(iter(schema.get("enum", ())), None)


def _kinds(schema: dict[str, Any]) -> set[Any]:
    return {each.get("type") for each in (schema, *schema.get("anyOf", ()))}


def _plain(name: str, schema: dict[str, Any]) -> Any:
    kinds = _kinds(schema)
    if "boolean" in kinds:
        return True
    if kinds & {"integer", "number"}:
        return 1
    return f"{name.removesuffix('Id')}-1"
