"""Logging: one JSON line for each thing that happened, with the ids of what it belongs to.

Bodies of messages are never logged, and what looks like a credential is hidden.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry import trace
from pythonjsonlogger.json import JsonFormatter

from .envelope import Envelope
from .redaction import HIDDEN
from .settings import Settings
from .tracing import trace_id

_bound: ContextVar[dict[str, Any]] = ContextVar("bound", default={})  # noqa: B039  # never changed

_CREDENTIALS = (
    re.compile(r"(?<=://)[^/\s@]+(?=@)"),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]+"),
    re.compile(
        r"(?i)((?:password|passwd|secret|token|api[_-]?key|authorization|signature|sig)"
        r"[\"']?\s*[=:]\s*[\"']?)(?!bearer )([^\s\"'&,;)]+)"
    ),
)


def configure(settings: Settings) -> None:
    """Send everything to standard error, once for the whole process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_bind)
    as_json = settings.log_format == "json"
    handler.setFormatter(_Json() if as_json else _Text())
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "aio_pika", "aiormq", "asyncio", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.root.level))


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Everything that is logged inside carries these fields."""
    token = _bound.set(_bound.get() | fields)
    try:
        yield
    finally:
        _bound.reset(token)


def of(envelope: Envelope) -> dict[str, Any]:
    """The fields that tell which message it is about."""
    return {
        "event_id": envelope.id,
        "type": envelope.type,
        "subject": envelope.subject,
        "version": envelope.message.version,
        "correlation_id": envelope.correlation_id,
        "trace_id": trace_id(envelope.traceparent),
    }


def without_credentials(text: str) -> str:
    """The text with passwords in URLs, tokens and the like hidden."""
    text = _CREDENTIALS[0].sub(HIDDEN, text)
    text = _CREDENTIALS[1].sub(HIDDEN, text)
    return _CREDENTIALS[2].sub(rf"\1{HIDDEN}", text)


class _Json(JsonFormatter):
    """One JSON object for each record."""

    def __init__(self) -> None:
        names = {"asctime": "time", "levelname": "level", "name": "logger"}
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", rename_fields=names)
        self.default_msec_format = "%s.%03d"

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: _clean(value) for name, value in log_data.items() if value is not None}


class _Text(logging.Formatter):
    """For people's eyes."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return without_credentials(super().format(record))


def _clean(value: Any) -> Any:
    return without_credentials(value) if isinstance(value, str) else value


def _bind(record: logging.LogRecord) -> bool:
    within = trace.get_current_span().get_span_context()
    if within.is_valid:
        record.span_id = trace.format_span_id(within.span_id)
    for name, value in _bound.get().items():
        if not hasattr(record, name):
            setattr(record, name, value)
    return True
