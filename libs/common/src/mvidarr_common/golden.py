"""Keeps what every published message looked like: a schema and a sample per version.

`python -m mvidarr_common.golden FOLDER` adds what is new. It never touches a sample, and replaces
a schema only by one that reads everything the old one did.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .compatibility import Schema, breaks
from .envelope import Envelope
from .messages import Message, registered
from .messages.examples import example

WHAT_TO_DO = """
{name} is published as version {version}, and this change breaks what is already in logs:
{reasons}
Either undo it (a new field needs a default), or make it version {next}:
  class {cls}(..., version={next}):
      @staticmethod
      def upcast_v{version}(data):  # from version {version}'s data to version {next}'s
          ...
and run `make golden`, which adds the new version beside the old one."""


def stem(cls: type[Message]) -> str:
    """The name of a message's files, without their endings."""
    return f"{cls.kind}.{cls.wire}.v{cls.version}"


def schema_of(cls: type[Message]) -> Schema:
    """The JSON schema of a message's data, without the words that explain it."""
    bare: Schema = _bare(cls.model_json_schema())
    return bare


def sample_of(cls: type[Message]) -> dict[str, Any]:
    """A whole record, as it would stand in the log."""
    time = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    envelope = Envelope(
        example(cls),
        id="record-1",
        source="golden",
        time=time,
        correlation_id="command-1",
        causation_id="command-1",
        actor="user/user-1",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    sample: dict[str, Any] = json.loads(envelope.encode())
    return sample


def complaint(cls: type[Message], kept: Schema) -> str | None:
    """What to do about a change that old records do not survive; None if there is none."""
    reasons = breaks(kept, schema_of(cls))
    if not reasons:
        return None
    return WHAT_TO_DO.format(
        name=f"{cls.kind}.{cls.wire}",
        cls=cls.__name__,
        version=cls.version,
        next=cls.version + 1,
        reasons="\n".join(f"  - {reason}" for reason in reasons),
    )


def keep(folder: Path) -> list[str]:
    """Write the files that are missing, and schemas that have only grown; returns complaints."""
    complaints = []
    for cls in registered():
        schema, sample = (folder / f"{stem(cls)}.{what}.json" for what in ("schema", "sample"))
        if not sample.exists():
            sample.write_text(pretty(sample_of(cls)))
        problem = complaint(cls, json.loads(schema.read_text())) if schema.exists() else None
        if problem is None:
            schema.write_text(pretty(schema_of(cls)))
        else:
            complaints.append(problem)
    return complaints


def pretty(content: Any) -> str:
    """JSON as it is kept in files."""
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _bare(schema: Any) -> Any:
    """A schema without titles and descriptions; fields of these names are no such."""
    if isinstance(schema, list):
        return [_bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _bare(part) for name, part in value.items()}
        if key in ("properties", "$defs")
        else value if key in ("default", "const", "enum", "required") else _bare(value)
        for key, value in schema.items()
        if key not in ("title", "description")
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit("\n".join(keep(Path(sys.argv[1]))) or None)
