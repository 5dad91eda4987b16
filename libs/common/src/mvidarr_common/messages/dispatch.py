"""Dispatch: the rules by which waiting work goes to the workers, all of them data.

A rule belongs to a queue, a site, a requester or a kind of job; the one named `all` is for those
that have none of their own (for queues: for every queue).
"""

from typing import Annotated, Literal

from pydantic import Field

from .base import Command, Event, Value

ALL = "all"
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class Window(Value):
    """Hours of some days; where it ends before it begins, it ends on the day after."""

    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    begins: TimeOfDay = "00:00"
    ends: TimeOfDay = "00:00"


class Schedule(Value):
    """When a queue may send work out; without windows always. `zone` is a name of the IANA."""

    windows: tuple[Window, ...] = Field(default=(), max_length=50)
    zone: str = Field(default="UTC", max_length=100)


class QueueRules(Value):
    """A paused queue sends nothing out; what runs goes on."""

    paused: bool = False
    schedule: Schedule = Schedule()


class QueueChanges(Value):
    """What is given is set."""

    paused: bool | None = None
    schedule: Schedule | None = None


class Pace(Value):
    """`at_once` jobs over all workers; `per_minute` on average, `burst` of them without a pause
    in between. None: as the system is set, or without limit."""

    at_once: int | None = Field(default=None, ge=1, le=10_000)
    per_minute: float | None = Field(default=None, gt=0, le=60_000)
    burst: int = Field(default=1, ge=1, le=10_000)


class QuotaRules(Value):
    """What one requester may have: jobs that have not ended, and jobs with the workers."""

    open: int | None = Field(default=None, ge=0)
    at_once: int | None = Field(default=None, ge=1)


class RetryPolicy(Value):
    """When a failed attempt of a kind of job is worth another.

    Pauses are in seconds and double; `jitter` is the part of a pause by which it may be shorter or
    longer. Of the error codes `also` are tried again whatever the failure says, `never` are not.
    `run_limit` is how long an attempt may run.
    """

    attempts: int = Field(default=5, ge=1, le=1000)
    first_pause: float = Field(default=2.0, ge=0, le=86_400)
    longest_pause: float = Field(default=3600.0, ge=0, le=604_800)
    jitter: float = Field(default=0.1, ge=0, le=1)
    also: tuple[str, ...] = Field(default=(), max_length=100)
    never: tuple[str, ...] = Field(default=(), max_length=100)
    run_limit: float | None = Field(default=None, gt=0)


class ChangeQueue(Command, wire="queue.change", about="queue:queue"):
    queue: Name
    changes: QueueChanges


class QueueChanged(Event, wire="queue.changed", about="queue:queue"):
    queue: str
    rules: QueueRules


class SetPace(Command, wire="pace.set", about="site:site"):
    site: Name
    rules: Pace


class PaceChanged(Event, wire="pace.changed", about="site:site"):
    site: str
    rules: Pace


class ChangeQuota(Command, wire="quota.change", about="quota:requester"):
    """`requester` is somebody as the log names them, such as "user/…"."""

    requester: Name
    rules: QuotaRules


class QuotaChanged(Event, wire="quota.changed", about="quota:requester"):
    requester: str
    rules: QuotaRules


class ChangeRetryPolicy(Command, wire="retry_policy.change", about="retry_policy:kind_of_job"):
    kind_of_job: Name
    policy: RetryPolicy


class RetryPolicyChanged(Event, wire="retry_policy.changed", about="retry_policy:kind_of_job"):
    kind_of_job: str
    policy: RetryPolicy
