"""When a failed attempt is worth another, and how long to wait for it."""

from datetime import datetime, timedelta

from mvidarr_common.messages.jobs import JobFailed

ATTEMPTS = {"notify": 200}
"""A receiver may be away for a week: a notification waits for it."""
DEFAULT_ATTEMPTS = 5
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 3600.0

MOST_STARTS = 8
"""Starts of one attempt without an end: a job that kills its workers is given up after these."""


def next_due(kind: str, failed: JobFailed, spent: int, now: datetime) -> datetime | None:
    """When to try again after so many attempts: pauses double, and keep what the failure asks for.
    None: never."""
    if not failed.retryable or spent >= ATTEMPTS.get(kind, DEFAULT_ATTEMPTS):
        return None
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(spent - 1, 30))
    return now + timedelta(seconds=max(pause, failed.after or 0.0))
