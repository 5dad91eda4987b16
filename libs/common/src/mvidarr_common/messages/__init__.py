"""The language: every message that services exchange. Imports nothing else of ours."""

from . import (
    archive,
    batches,
    curating,
    dispatch,
    dispatch_queries,
    fetching,
    identity,
    ids,
    jobs,
    library,
    logins,
    media,
    notify,
    pages,
    passes,
    pipelines,
    profiles,
    queries,
    sealing,
    sessions,
    sites,
    steering,
    system,
    watching,
)
from .base import (
    Command,
    Event,
    Kind,
    Message,
    Query,
    Signal,
    UnknownMessage,
    Value,
    find,
    registered,
)

__all__ = [
    "Command", "Event", "Kind", "Message", "Query", "Signal", "UnknownMessage", "Value", "archive",
    "batches", "curating", "dispatch", "dispatch_queries", "fetching", "find", "identity", "ids",
    "jobs", "library", "logins", "media", "notify", "pages", "passes", "pipelines", "profiles",
    "queries", "registered", "sealing", "sessions", "sites", "steering", "system", "watching",
]  # fmt: skip
