"""Messages and the values in them, as plain descriptions read from their JSON schemas."""

import inspect
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from mvidarr_common.messages import Kind, Message, Query, Value, registered

Schema = dict[str, Any]
REFERENCE = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Field:
    """One field on the wire. `default` is JSON, None where the field is required."""

    name: str
    type: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One message. `subject` is what it is about, such as "video/<videoId>"."""

    kind: Kind
    wire: str
    version: int
    subject: str
    says: str
    fields: tuple[Field, ...]
    answer: str | None = None

    @property
    def type(self) -> str:
        """Its name in the log."""
        return f"{self.kind}.{self.wire}"


def entries(kind: Kind | None = None) -> tuple[Entry, ...]:
    """Every message, by kind and name."""
    found = schemas()
    return tuple(_entry(cls, found[cls.__name__]) for cls in registered(kind))


def parts() -> dict[str, tuple[str, tuple[Field, ...]]]:
    """The values that messages are made of, by name: what each says, and its fields."""
    messages = {cls.__name__ for cls in registered()}
    return {
        name: (_first_paragraph(schema.get("description")), _fields(schema))
        for name, schema in sorted(schemas().items())
        if name not in messages
    }


def schemas() -> dict[str, Schema]:
    """The JSON schema of every message, answer, and value in them, by class name."""
    return _schemas((*registered(), *answers()))


@cache
def _schemas(wanted: tuple[type[Value], ...]) -> dict[str, Schema]:
    _, top = models_json_schema(
        [(cls, "validation") for cls in wanted], ref_template=REFERENCE + "{model}"
    )
    found: dict[str, Schema] = top["$defs"]
    return found


def answers() -> list[type[Value]]:
    """The classes of the answers to queries."""
    found = {cls.answer for cls in registered("query") if issubclass(cls, Query)}
    return sorted(found, key=lambda cls: cls.__name__)


def type_name(schema: Schema) -> str:
    """A schema's type in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(REFERENCE)
    if "const" in schema or "enum" in schema:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        return " or ".join(json.dumps(value) for value in values)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(type_name(choice) for choice in choices)
    if schema.get("type") == "array":
        return f"list of {type_name(schema.get('items', {}))}"
    if schema.get("type") == "object":
        return f"map to {_mapped(schema.get('additionalProperties', {}))}"
    return str(schema.get("format") or schema.get("type") or "anything")


def _mapped(schema: Schema | bool) -> str:
    return type_name(schema) if isinstance(schema, dict) else "anything"


def _entry(cls: type[Message], schema: Schema) -> Entry:
    what, _, field = cls.about.partition(":")
    name = cls.model_fields[field].alias if field else None
    return Entry(
        kind=cls.kind,
        wire=cls.wire,
        version=cls.version,
        subject=f"{what}/<{name}>" if name else what,
        says=_first_paragraph(cls.__dict__.get("__doc__")),
        fields=_fields(schema),
        answer=cls.answer.__name__ if issubclass(cls, Query) else None,
    )


def _fields(schema: Schema) -> tuple[Field, ...]:
    required = schema.get("required", ())
    return tuple(
        Field(name, type_name(field), None if name in required else _default(field))
        for name, field in schema.get("properties", {}).items()
    )


def _default(field: Schema) -> str:
    return json.dumps(field["default"], ensure_ascii=False) if "default" in field else "empty"


def _first_paragraph(doc: str | None) -> str:
    return " ".join(inspect.cleandoc(doc or "").partition("\n\n")[0].split())
