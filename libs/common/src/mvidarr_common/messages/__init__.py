"""The language: every message that services exchange. Imports nothing else of ours."""

from . import identity, ids, jobs, library, media, notify, profiles, queries, system
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
    "Command", "Event", "Kind", "Message", "Query", "Signal", "UnknownMessage", "Value",
    "find", "identity", "ids", "jobs", "library", "media", "notify", "profiles", "queries",
    "registered", "system",
]  # fmt: skip
