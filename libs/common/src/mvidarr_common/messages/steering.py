"""Steering: what people change about when, and in which order, work is done."""

from .base import Command, Event
from .ids import JobId, WorkerId


class PauseJob(Command, wire="job.pause", about="job:job_id"):
    """Let it not run until it is resumed. A worker that has it ends it and keeps what it has."""

    job_id: JobId


class ResumeJob(Command, wire="job.resume", about="job:job_id"):
    job_id: JobId


class JobPaused(Event, wire="job.paused", about="job:job_id"):
    """It does not run until somebody resumes it. Said when it is decided, and again with the
    worker's id by the worker that has ended it in the middle."""

    job_id: JobId
    attempt: int
    worker_id: WorkerId | None = None
    delivery: str | None = None
