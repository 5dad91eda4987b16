"""What websocket clients can follow, and who may follow it.

Only what is named here is ever told; whatever a message holds that is secret is hidden first.
"""

import re
from collections.abc import Sequence

from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Forbidden, Invalid
from mvidarr_common.messages.identity import Role

from .callers import Caller, includes

GENERAL = {
    "job": "jobs",
    "pipeline": "jobs",
    "pipeline_plan": "jobs",
    "bulk": "jobs",
    "video": "library",
    "artist": "library",
    "file": "library",
    "profile": "library",
    "log": "system",
    "command": "system",
    "system": "system",
    "worker": "system",
    "catalog": "system",
}
"""The topic of what a message is about. Users, keys and subscriptions are told to nobody."""

NEEDED: dict[str, Role] = {"jobs": "readonly", "library": "readonly", "system": "admin"}
SCOPES = {
    "jobs": "jobs:read", "library": "videos:read", "system": "system:read",
    "videos": "videos:read",
}  # fmt: skip
"""What an API key that has scopes must have besides `events:read`."""
_OF_ONE = re.compile(r"(jobs|videos)/[\w-]{1,64}")


def checked(topics: Sequence[str], caller: Caller) -> frozenset[str]:
    """The topics that a caller asks for; raises Invalid or Forbidden."""
    for topic in topics:
        if topic not in NEEDED and not _OF_ONE.fullmatch(topic):
            raise Invalid(
                "invalid_topic",
                f"There is no topic {topic!r}; "
                "known are jobs, jobs/<id>, videos/<id>, library and system.",
            )
        if not includes(caller.role, NEEDED.get(topic, "readonly")):
            raise Forbidden("forbidden", f"The topic {topic} needs the role {NEEDED[topic]}.")
        caller.require_scope(SCOPES[topic.partition("/")[0]])
    return frozenset(topics)


def topics_of(envelope: Envelope) -> frozenset[str]:
    """Every topic that a message belongs to; none for what is told to nobody."""
    message = envelope.message
    what, _, id = envelope.subject.partition("/")
    if message.kind not in ("event", "signal") or what not in GENERAL:
        return frozenset()
    return frozenset({GENERAL[what], *_of_one(what, id, envelope)})


def _of_one(what: str, id: str, envelope: Envelope) -> set[str]:
    found = {f"{what}s/{id}"} if what in ("job", "video") else set()
    if of := getattr(envelope.message, "for_subject", None):
        kind, _, its = str(of).partition("/")
        found.add(f"{kind}s/{its}")
    if what == "file":
        found.add(f"videos/{getattr(envelope.message, 'video_id', '')}")
    return found
