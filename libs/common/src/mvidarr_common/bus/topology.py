"""The names of everything on the broker, as data, the same for both engines."""

from mvidarr_common.messages.jobs import QUEUES

from .protocol import WorkQueue

EXCHANGE = "mvidarr"
LIVE_EXCHANGE = "mvidarr.live"
DEAD_EXCHANGE = "mvidarr.dlx"
LOG = "mvidarr.log"
UNROUTED = "mvidarr.unrouted"
QUERIES = "catalog.queries"
LOG_BINDINGS = ("command.#", "event.#")

PARKED = WorkQueue("mvidarr.parked", ())
"""Where deliveries end that nobody can take; the leading catalog reads it."""


def job_queue(name: str) -> WorkQueue:
    """The queue of one kind of work."""
    return WorkQueue(f"jobs.{name}", (f"event.job.queued.{name}",))


JOB_QUEUES = tuple(job_queue(name) for name in QUEUES)


def matches(binding: str, key: str) -> bool:
    """Whether a topic binding takes a routing key: `*` is one word, `#` any number of words."""
    return _matches(binding.split("."), key.split("."))


def _matches(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return _matches(pattern[1:], words) or (bool(words) and _matches(pattern, words[1:]))
    return bool(words) and pattern[0] in ("*", words[0]) and _matches(pattern[1:], words[1:])
