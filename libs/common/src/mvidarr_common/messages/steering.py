"""Steering: what people change about when, and in which order, work is done."""

from pydantic import Field

from .base import Command, Event
from .ids import JobId, WorkerId


class PauseJob(Command, wire="job.pause", about="job:job_id"):
    """Let it not run until it is resumed. A worker that has it ends it and keeps what it has."""

    job_id: JobId


class ResumeJob(Command, wire="job.resume", about="job:job_id"):
    job_id: JobId


class SetJobPriority(Command, wire="job.prioritise", about="job:job_id"):
    """9 is the most urgent; 0 is what jobs have by themselves."""

    job_id: JobId
    priority: int = Field(ge=0, le=9)


class JobPriorityChanged(Event, wire="job.priority_changed", about="job:job_id"):
    job_id: JobId
    priority: int


class JobOverdue(Event, wire="job.overdue", about="job:job_id"):
    """Its deadline has come. Said by the clock, whatever has become of the job."""

    job_id: JobId


class JobPaused(Event, wire="job.paused", about="job:job_id"):
    """It does not run until somebody resumes it. Said when it is decided, and again with the
    worker's id by the worker that has ended it in the middle."""

    job_id: JobId
    attempt: int
    worker_id: WorkerId | None = None
    delivery: str | None = None
