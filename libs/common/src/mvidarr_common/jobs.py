"""What the handler of a job sees. A handler is a plain function from a spec to its result:

    async def transcode(spec: Transcode, job: Job[Deps]) -> Transcoded: ...

It contains no queue, retry, trace, metric or acknowledgement: that is `worker`. It raises
`JobError` for a failure that people can understand; anything else is a defect, retried a few times.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, get_type_hints

from .course import Stage
from .files import DataRoot
from .messages.ids import JobId
from .messages.jobs import JobSpec, Result

Deps = TypeVar("Deps")
Deps_co = TypeVar("Deps_co", covariant=True)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finished:
    """A child process that ended: its exit code and the last lines of its error output."""

    code: int
    errors: str


class Job(Protocol[Deps_co]):
    """One attempt at one job, as its handler sees it."""

    @property
    def id(self) -> JobId:
        """The job, the same in every attempt."""
        ...

    @property
    def attempt(self) -> int:
        """Counts from 1."""
        ...

    @property
    def deps(self) -> Deps_co:
        """What the service opened at start."""
        ...

    @property
    def root(self) -> DataRoot:
        """The data root."""
        ...

    @property
    def staging(self) -> Path:
        """A folder of this delivery's own: results stay in it until another job takes them, all
        else goes when the job ends without success."""
        ...

    def earlier(self) -> Sequence[Path]:
        """Folders that dead deliveries of this job left, newest first, whose locks are free.
        Take partial files from them by rename; they are removed when this attempt ends."""
        ...

    def stages(self, *stages: Stage) -> None:
        """What is to come, in its order: names, and how long each takes compared with the others.
        Without this call what `progress` tells counts for the whole."""
        ...

    def progress(
        self,
        stage: str,
        *,
        fraction: float | None = None,
        done: float | None = None,
        total: float | None = None,
        unit: str | None = None,
        speed: float | None = None,
        eta: float | None = None,
        speeds: tuple[int, ...] = (),
    ) -> None:
        """Tell how far a stage is; call it as often as you like, at most five a second go out.
        What goes out says how far the whole is, and never steps back."""

    async def run(
        self, *command: str | Path, on_line: Callable[[str], None] | None = None
    ) -> Finished:
        """Run a program in a process group of its own, its output lines handed to `on_line`. On
        cancellation the whole group ends: TERM, five seconds, KILL."""
        ...

    async def call(
        self,
        function: Callable[..., T],
        *args: Any,
        on_message: Callable[[Any], None] | None = None,
    ) -> T:
        """Call an importable function in a forked child with the heavy imports preloaded; what it
        passes to `forked.tell()` arrives at `on_message`. A crash or a hang costs this job alone:
        raises JobError("worker_child_died"). Exceptions of the function are raised here."""
        ...

    async def ask(
        self,
        function: Callable[..., T],
        *args: Any,
        on_message: Callable[[Any], None] | None = None,
    ) -> T:
        """Like `call`, where a fork would be much of the work, in a child that has answered others
        before, one after the other. A crash or a hang still costs this job alone; what may leave
        something behind says so with `forked.spend()`, as `leavings` does."""
        ...


Handler = Callable[[Any, Job[Any]], Awaitable[Result]]


def spec_of(handler: Handler) -> type[JobSpec]:
    """The kind of job that a handler takes: the type of its first parameter."""
    first = next(iter(get_type_hints(handler).values()))
    if not (isinstance(first, type) and issubclass(first, JobSpec)):
        raise TypeError(f"{handler.__qualname__}: the first parameter must be a JobSpec")
    return first
