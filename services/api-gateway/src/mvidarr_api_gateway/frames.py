"""What live clients are told, encoded once for all of them: as websocket text and as an SSE event.

Facts carry their position; who resumes after that sees neither a gap nor a repeat.
"""

from functools import cached_property
from typing import Any

import orjson

from mvidarr_common.envelope import Envelope
from mvidarr_common.prepared import text_frame
from mvidarr_common.redaction import redacted

from .feed import Fact

RETRY = 2000
"""Milliseconds after which an SSE client that was cut comes again."""


class Frame:
    """Something told. `offset` is where a fact stands in the log, `position` how clients spell
    that."""

    def __init__(self, told: dict[str, Any], offset: int | None = None) -> None:
        self.type: str = told["type"]
        self.position: str | None = told.get("position")
        self.offset = offset
        self.text = orjson.dumps(told).decode()

    @cached_property
    def wire(self) -> bytes:
        """As a whole frame of a websocket."""
        return text_frame(self.text)

    @cached_property
    def event(self) -> bytes:
        """As a server-sent event; heartbeats move the client's position and say nothing."""
        at = f"id: {self.position}\n" if self.position else ""
        if self.type == "heartbeat":
            return f": heartbeat\n{at}\n".encode()
        retry = f"retry: {RETRY}\n" if self.type == "ready" else ""
        return f"{retry}{at}data: {self.text}\n\n".encode()


GAP = Frame({"type": "gap"})
"""Something passing was not told."""


def spelled(log_id: str | None, offset: int | None) -> str | None:
    """A position as clients know it."""
    return None if offset is None or log_id is None else f"{log_id}:{offset}"


def of_fact(fact: Fact, log_id: str | None) -> Frame:
    """A record of the log, nothing secret in it."""
    envelope = fact.envelope
    told = {
        "position": spelled(log_id, fact.offset),
        "type": envelope.type,
        "id": envelope.id,
        "subject": envelope.subject,
        "time": envelope.time.isoformat(),
        "correlationId": envelope.correlation_id,
        "data": redacted(envelope.message.model_dump(mode="json")),
    }
    return Frame(told, fact.offset)


def of_signal(signal: Envelope) -> Frame:
    """What is true for a moment, and stands nowhere."""
    data = redacted(signal.message.model_dump(mode="json"))
    return Frame({"type": signal.type, "subject": signal.subject, "data": data})


def of_position(kind: str, position: str | None) -> Frame:
    """ "ready" and "heartbeat": up to where the client knows everything."""
    return Frame({"type": kind, "position": position})


def of_error(code: str, detail: str) -> Frame:
    """The last word."""
    return Frame({"type": "error", "code": code, "detail": detail})
