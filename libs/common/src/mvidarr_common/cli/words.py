"""What people read: sizes, times, and one sentence for each record of the log."""

from datetime import datetime
from typing import Any

from mvidarr_common.messages.queries import RecordView

_TOLD = (
    "message", "title", "name", "username", "path", "url", "reason", "step", "code", "quality",
)  # fmt: skip


def size(count: float) -> str:
    """Bytes, in the unit that fits."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} TB"


def amount(count: float, unit: str | None) -> str:
    """So much of something."""
    if unit in ("B", "bytes", "byte"):
        return size(count)
    return f"{count:.1f} {unit}" if unit else f"{count:.1f}"


def length(seconds: float | None) -> str:
    """Minutes and seconds of a film."""
    return "" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def clock(time: datetime) -> str:
    """The time of day here."""
    return time.astimezone().strftime("%H:%M:%S")


def stamp(time: datetime) -> str:
    """Date and time here, to the millisecond; without the date if it is today."""
    local = time.astimezone()
    today = local.date() == datetime.now(local.tzinfo).date()
    return local.strftime("%H:%M:%S.%f" if today else "%Y-%m-%d %H:%M:%S.%f")[:-3]


def who(record: RecordView) -> str:
    """Who asked; of what happened, which service says so."""
    if record.kind != "command" or record.actor is None:
        return record.source
    kind, _, name = record.actor.partition("/")
    return f"{kind}/{name[:8]}" if name else record.actor


def what(record: RecordView) -> str:
    """The gist of a record."""
    data = record.data
    parts = [*_job_words(data), *(str(data[key]) for key in _TOLD if data.get(key))]
    described = data.get("known") or data.get("found") or data.get("changes") or {}
    parts.append((data.get("rendition") or {}).get("path", ""))
    parts += [f"{key}: {described[key]}" for key in ("artist", "title") if described.get(key)]
    return " · ".join(dict.fromkeys(part for part in parts if part))


def _job_words(data: dict[str, Any]) -> list[str]:
    spec, result = data.get("spec") or {}, data.get("result") or {}
    words = [str(spec.get("kind") or result.get("kind") or "")]
    if data.get("attempt", 1) > 1:
        words.append(f"attempt {data['attempt']}")
    if "seconds" in data:
        words.append(f"{data['seconds']:.2f} s")
    if data.get("workerId") and "delivery" in data:
        words.append(f"by worker …{data['workerId'][-8:]}")
    return [word for word in words if word]
