"""The envelope: CloudEvents 1.0, structured JSON, around every message.

The body is the truth and stands alone in the log; AMQP properties and headers are copies.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import Counter

from .errors import Invalid, Undecodable
from .messages import Message, UnknownMessage, find
from .messages.ids import derive, new_id

CONTENT_TYPE = "application/cloudevents+json"
UPCASTS = Counter("mvidarr_upcasts", "Messages of an older version read", ["type", "from"])


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message with who, when and why.

    `correlation_id` is the id of the message that began it all, `causation_id` of the one just
    before, `actor` who asked in the first place ("user/<id>", "system"). A command that `expects`
    an offset is refused if something has happened to its subject behind it.
    """

    message: Message
    id: str
    source: str
    time: datetime
    correlation_id: str
    causation_id: str | None = None
    actor: str | None = None
    traceparent: str | None = None
    expects: int | None = None

    @property
    def subject(self) -> str:
        """What the message is about."""
        return self.message.subject

    @property
    def type(self) -> str:
        """`<kind>.<wire name>`, as it stands in the log."""
        return f"{self.message.kind}.{self.message.wire}"

    @property
    def routing_key(self) -> str:
        """Where the exchange sends it."""
        return self.message.routing_key(self.message)

    def encode(self) -> bytes:
        """The body as it goes over the wire and into the log. Raises Invalid where it says what
        readers of JSON would not agree on: a number beyond 53 bits, or half a character."""
        said = self.attributes() | {"data": self.message.model_dump(mode="json")}
        try:
            return orjson.dumps(said, option=orjson.OPT_STRICT_INTEGER)
        except orjson.JSONEncodeError as error:
            raise Invalid("no_json", f"This cannot be kept as JSON: {error}.") from None

    def attributes(self) -> dict[str, Any]:
        """The CloudEvents attributes, absent ones left out."""
        named = {
            "specversion": "1.0",
            "id": self.id,
            "type": self.type,
            "source": self.source,
            "subject": self.subject,
            "time": self.time.isoformat(),
            "datacontenttype": "application/json",
            "dataversion": self.message.version,
            "correlationid": self.correlation_id,
            "causationid": self.causation_id,
            "actor": self.actor,
            "traceparent": self.traceparent,
            "expects": self.expects,
        }
        return {name: value for name, value in named.items() if value is not None}

    def traced(self, traceparent: str | None) -> "Envelope":
        """The same, carrying this trace context."""
        return replace(self, traceparent=traceparent)


def decode(body: bytes) -> Envelope:
    """Read a body of any known version; raises Undecodable with the reason."""
    try:
        raw = orjson.loads(body)
        return Envelope(
            message=_message(raw["type"], raw["data"], raw["dataversion"]),
            id=raw["id"],
            source=raw["source"],
            time=datetime.fromisoformat(raw["time"]),
            correlation_id=raw["correlationid"],
            causation_id=raw.get("causationid"),
            actor=raw.get("actor"),
            traceparent=raw.get("traceparent"),
            expects=raw.get("expects"),
        )
    except UnknownMessage as unknown:
        raise Undecodable(str(unknown)) from unknown
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Undecodable(f"not an envelope we can read: {error}") from error


def _message(type: str, data: Any, version: int) -> Message:
    kind, _, wire = type.partition(".")
    found = find(kind, wire)
    message = found.read(data, version)
    if version < found.version:
        UPCASTS.labels(type, str(version)).inc()
    return message


def fresh(
    message: Message, *, source: str, actor: str | None = None, id: str | None = None
) -> Envelope:
    """An envelope for something that nothing in the log has caused."""
    own = id or new_id()
    return Envelope(message, own, source, datetime.now(UTC), correlation_id=own, actor=actor)


def following(
    cause: Envelope, message: Message, *, source: str, ordinal: int | str = 0
) -> Envelope:
    """An envelope for what follows from `cause`; the same call gives the same id."""
    return Envelope(
        message=message,
        id=derive(cause.id, message.wire, ordinal),
        source=source,
        time=datetime.now(UTC),
        correlation_id=cause.correlation_id,
        causation_id=cause.id,
        actor=cause.actor,
        traceparent=cause.traceparent,
    )
