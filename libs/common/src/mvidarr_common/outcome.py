"""What the way in which a handler ended means for its job."""

import errno
import traceback

from .errors import JobError, Problem
from .logs import without_credentials
from .messages.ids import WorkerId
from .messages.jobs import JobFailed, JobQueued

DETAIL = 4000
FULL_DISK_PAUSE = 300.0


def failure(queued: JobQueued, worker: WorkerId, error: BaseException) -> JobFailed:
    """The fact that tells of an error: a Problem speaks for itself, all else is a defect."""
    problem = as_problem(error)
    return JobFailed(
        job_id=queued.job_id,
        attempt=queued.attempt,
        worker_id=worker,
        code=problem.code,
        message=without_credentials(problem.message),
        retryable=problem.retry,
        after=problem.after,
        detail=without_credentials(problem.detail[-DETAIL:]) if problem.detail else None,
    )


def as_problem(error: BaseException) -> JobError:
    """The same error as a JobError; of a group, the part that can be told."""
    error = _part_that_tells(error)
    if isinstance(error, JobError):
        return error
    if isinstance(error, Problem):
        return JobError(error.code, error.message, retry=error.retryable, after=error.after)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return JobError("disk_full", "The disk is full.", retry=True, after=FULL_DISK_PAUSE)
    message = f"The worker met an error that nobody foresaw ({type(error).__name__})."
    return JobError("defect", message, retry=True, detail=_tail(error))


def _part_that_tells(error: BaseException) -> BaseException:
    if not isinstance(error, BaseExceptionGroup):
        return error
    parts = [_part_that_tells(part) for part in error.exceptions]
    return next((part for part in parts if isinstance(part, Problem)), parts[0])


def _tail(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-DETAIL:]
