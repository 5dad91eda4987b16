"""The catalogue for tools: an AsyncAPI 3.0 document with RabbitMQ's names in its bindings.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from typing import Any

from mvidarr_common.bus.protocol import WorkQueue
from mvidarr_common.bus.topology import EXCHANGE, JOB_QUEUES, LIVE_EXCHANGE, LOG, QUERIES
from mvidarr_common.envelope import CONTENT_TYPE
from mvidarr_common.golden import sample_of
from mvidarr_common.messages import Kind, find

from .entries import REFERENCE, Entry, answers, entries, schemas

Json = dict[str, Any]

ENVELOPE: Json = {
    "type": "object",
    "description": "CloudEvents 1.0, structured JSON.",
    "required": ["specversion", "id", "type", "source", "subject", "time", "dataversion",
                 "correlationid", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "description": "Said twice, it counts once."},
        "type": {"type": "string"},
        "source": {"type": "string", "description": "The service that says it."},
        "subject": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "dataversion": {"type": "integer", "minimum": 1},
        "correlationid": {"type": "string", "description": "The id of what began it all."},
        "causationid": {"type": "string", "description": "The id of what came just before."},
        "actor": {"type": "string", "description": "Who asked in the first place."},
        "traceparent": {"type": "string", "description": "W3C trace context."},
        "expects": {
            "type": "integer",
            "description": "A command is refused if its subject has changed behind this offset.",
        },
        "data": {"type": "object"},
    },
}  # fmt: skip


def asyncapi() -> Json:
    """The whole document, the same each time."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "MVidarr's messages",
            "version": "1.0.0",
            "description": "Everything that MVidarr's services say to one another over RabbitMQ.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"rabbitmq": {"host": "rabbitmq:5672", "protocol": "amqp"}},
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": _messages(),
            "schemas": {"CloudEvent": ENVELOPE, **_plain(schemas())},
        },
    }


def _channels() -> Json:
    logged = [*entries("command"), *entries("event")]
    return {
        "commands": _keys("command", EXCHANGE, "Somebody asks. The catalog decides."),
        "events": _keys("event", EXCHANGE, "It happened."),
        "signals": _keys("signal", LIVE_EXCHANGE, "True for a moment; may be lost."),
        "log": _queue(LOG, logged, "The stream of every command and event, in one order."),
        "queries": _queue(QUERIES, entries("query"), "Questions to the catalog."),
        "answers": {
            "address": None,
            "description": "The asker's own reply queue; data alone, without an envelope.",
            "messages": {name: _message_ref(name) for name in _answer_names()},
        },
        **{queue.name: _job_channel(queue) for queue in JOB_QUEUES},
    }


def _keys(kind: Kind, exchange: str, says: str) -> Json:
    """A topic exchange: the routing key is the message's type."""
    said = entries(kind)
    return {
        "address": f"{kind}.{{name}}",
        "description": says,
        "parameters": {
            "name": {"description": "The wire name.", "enum": [entry.wire for entry in said]}
        },
        "messages": _refs(said),
        "bindings": _amqp(
            {"is": "routingKey", "exchange": {"name": exchange, "type": "topic", "durable": True}}
        ),
    }


def _queue(name: str, said: list[Entry] | tuple[Entry, ...], says: str) -> Json:
    return {
        "address": name,
        "description": says,
        "messages": _refs(said),
        "bindings": _amqp({"is": "queue", "queue": {"name": name, "durable": True}}),
    }


def _job_channel(queue: WorkQueue) -> Json:
    queued = [entry for entry in entries("event") if entry.wire == "job.queued"]
    return _queue(queue.name, queued, f"Work, by the routing key {queue.bindings[0]}.")


def _operations() -> Json:
    """What MVidarr as a whole does."""
    work = {
        f"work.{queue.name}": _operation("receive", queue.name, "A worker takes a job.")
        for queue in JOB_QUEUES
    }
    asked = {f"answer.{entry.wire}": _answering(entry) for entry in entries("query")}
    return {
        "decide": _operation("receive", "commands", "Take what somebody asks."),
        "tell": _operation("send", "events", "Tell what happened."),
        "signal": _operation("send", "signals", "Tell what is true for a moment."),
        "read": _operation("receive", "log", "Read the log in order."),
        **asked,
        **work,
    }


def _operation(action: str, channel: str, says: str) -> Json:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": says}


def _answering(entry: Entry) -> Json:
    return {
        **_operation("receive", "queries", entry.says or f"Answer {entry.wire}."),
        "messages": [{"$ref": f"#/channels/queries/messages/{entry.type}"}],
        "reply": {
            "channel": {"$ref": "#/channels/answers"},
            "messages": [{"$ref": f"#/channels/answers/messages/answer.{entry.answer}"}],
        },
    }


def _messages() -> Json:
    said = {entry.type: _message(entry) for entry in entries()}
    return said | {name: _answer(name) for name in _answer_names()}


def _message(entry: Entry) -> Json:
    cls = find(entry.kind, entry.wire)
    typed = {
        "type": {"const": entry.type},
        "dataversion": {"const": entry.version},
        "data": {"$ref": f"{REFERENCE}{cls.__name__}"},
    }
    return {
        "name": entry.type,
        "title": cls.__name__,
        "summary": entry.says or entry.type,
        "contentType": CONTENT_TYPE,
        "correlationId": {"location": "$message.payload#/correlationid"},
        "payload": {"allOf": [{"$ref": f"{REFERENCE}CloudEvent"}, {"properties": typed}]},
        "bindings": _amqp({"messageType": entry.type}),
        "examples": [{"payload": sample_of(cls)}],
        "x-version": entry.version,
        "x-subject": entry.subject,
    }


def _answer(name: str) -> Json:
    cls = name.removeprefix("answer.")
    return {
        "name": name,
        "contentType": "application/json",
        "payload": {"$ref": f"{REFERENCE}{cls}"},
    }


def _answer_names() -> list[str]:
    return [f"answer.{cls.__name__}" for cls in answers()]


def _refs(said: list[Entry] | tuple[Entry, ...]) -> Json:
    return {entry.type: _message_ref(entry.type) for entry in said}


def _message_ref(name: str) -> Json:
    return {"$ref": f"#/components/messages/{name}"}


def _plain(schema: Any) -> Any:
    """In AsyncAPI a discriminator is the name of a field and no more."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _plain(value) for key, value in schema.items()}
    if "mapping" in schema.get("discriminator", ()):
        plain["discriminator"] = schema["discriminator"]["propertyName"]
    return plain


def _amqp(binding: Json) -> Json:
    return {"amqp": {**binding, "bindingVersion": "0.3.0"}}
