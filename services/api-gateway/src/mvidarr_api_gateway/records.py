"""Records of the log as people may see them, and as outcomes of commands."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from mvidarr_common.messages import Message, UnknownMessage, find
from mvidarr_common.messages.queries import RecordView
from mvidarr_common.redaction import redacted

from .outcomes import ANSWERS, Outcome


def outcome_among(
    records: Sequence[RecordView], command_id: str, wanted: type[Message]
) -> Outcome | None:
    """The record that answers a command: the wanted fact, or a refusal."""
    for record in records:
        if record.kind != "event" or record.causation_id != command_id:
            continue
        message = _message(record)
        if isinstance(message, (wanted, *ANSWERS)):
            return Outcome(record.offset, message)
    return None


def _message(record: RecordView) -> Message | None:
    wire = record.type.removeprefix(f"{record.kind}.")
    try:
        return find(record.kind, wire).model_validate(record.data)
    except (UnknownMessage, ValidationError):
        return None


def view_of(record: RecordView) -> dict[str, Any]:
    """One record as JSON, secrets hidden."""
    plain: dict[str, Any] = redacted(record.model_dump(mode="json"))
    return plain
