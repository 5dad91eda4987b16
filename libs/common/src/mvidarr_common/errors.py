"""The error tree. A class decides both edges: what HTTP answers, and what a worker does.

    Problem                  HTTP   a job or message that meets it
    ├── Invalid              422    fails for good
    ├── Unauthorized         401    fails for good
    ├── Forbidden            403    fails for good
    ├── NotFound             404    fails for good
    ├── Conflict             409    fails for good
    ├── Outdated             412    fails for good
    ├── TooLarge             413    fails for good
    ├── TooMany              429    is tried again, after `after` seconds or more
    ├── Unavailable          503    is tried again, after `after` seconds or more
    │   └── Unconfirmed      503    is tried again with the same id: nobody knows what happened
    ├── Undecodable          500    is parked
    └── JobError             –      fails; retryable or not, as it says
    LogError                 –      the reader stops, loudly
    ├── LogTruncated         retention has removed the position
    ├── LogReplaced          another log stands where ours was
    └── LogRewound           the log ends before the position

A failure that people care about (the video is gone) is an event with a reason, not an exception.
"""

from typing import Any, ClassVar


class Problem(Exception):
    """Something went wrong that can be told: a stable code and a sentence for people."""

    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        code: str,
        message: str,
        *,
        after: float | None = None,
        existing: str | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.after = after
        self.existing = existing
        self.more = more or {}
        """What else the answer over HTTP tells, such as the position of a mistake."""

    def __reduce__(self) -> tuple[Any, ...]:
        """So that a child process can raise it in its parent."""
        return _raised_elsewhere, (type(self), self.args, self.__dict__)


def _raised_elsewhere(
    cls: type["Problem"], args: tuple[Any, ...], state: dict[str, Any]
) -> "Problem":
    problem = cls.__new__(cls, *args)
    problem.__dict__.update(state)
    return problem


class Invalid(Problem):
    """What was given cannot be used."""

    status = 422


class Unauthorized(Problem):
    """Nobody knows who is asking."""

    status = 401


class Forbidden(Problem):
    """Who is asking may not."""

    status = 403


class NotFound(Problem):
    """There is no such thing."""

    status = 404


class Conflict(Problem):
    """It cannot be done in the present state."""

    status = 409


class Outdated(Problem):
    """It is not any more as whoever asks has seen it."""

    status = 412


class TooLarge(Problem):
    """More than the limit."""

    status = 413


class TooMany(Problem):
    """More at a time than one may. `after` is in seconds."""

    status = 429
    retryable = True


class Unavailable(Problem):
    """Not now; later, perhaps. `after` is in seconds."""

    status = 503
    retryable = True


class Unconfirmed(Unavailable):
    """A publish without its confirm: unknown, not failed. Say it again with the same id."""


class Undecodable(Problem):
    """A message that nobody here can read."""

    def __init__(self, message: str) -> None:
        super().__init__("undecodable", message)


class JobError(Problem):
    """A job's attempt failed for a reason that people can understand.

    `after` is the shortest pause in seconds before the next attempt; `detail` is for engineers,
    such as the tail of a program's error output.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retry: bool = False,
        after: float | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(code, message, after=after)
        self.retry = retry
        self.detail = detail


class LogError(Exception):
    """The log is not the one that the reader knows."""


class LogTruncated(LogError):
    """Retention has removed the record at the position."""


class LogReplaced(LogError):
    """Another record stands at the position: this is another log."""


class LogRewound(LogError):
    """The log ends before the position: a tail was lost."""


def problem_for(status: int) -> type[Problem]:
    """The class that answers with this HTTP status."""
    classes = (
        Invalid, Unauthorized, Forbidden, NotFound, Conflict, Outdated, TooLarge, TooMany,
        Unavailable,
    )  # fmt: skip
    return next((cls for cls in classes if cls.status == status), Problem)
