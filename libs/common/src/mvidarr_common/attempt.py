"""One attempt at a job: the `Job` that its handler sees."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from opentelemetry.trace import SpanKind

from .course import Course, Stage
from .files import DataRoot
from .jobs import Finished
from .messages.ids import JobId
from .messages.jobs import JobProgressed, JobQueued
from .processes import Children
from .progress import Progress
from .staging import Staging
from .tracing import fail, span

D = TypeVar("D")
T = TypeVar("T")


@dataclass(frozen=True)
class Attempt(Generic[D]):
    """See `jobs.Job`, which says what each of these is."""

    queued: JobQueued
    deps: D
    root: DataRoot
    children: Children
    folder: Staging
    words: Progress
    course: Course = field(default_factory=Course)

    @property
    def id(self) -> JobId:
        return self.queued.job_id

    @property
    def attempt(self) -> int:
        return self.queued.attempt

    @property
    def staging(self) -> Path:
        return self.folder.folder()

    def earlier(self) -> Sequence[Path]:
        return self.folder.earlier()

    def stages(self, *stages: Stage) -> None:
        self.course.announce(*stages)

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
        share = _share(done, total) if fraction is None else fraction
        word = JobProgressed(
            job_id=self.id, attempt=self.attempt, stage=stage, for_subject=self.queued.for_subject,
            fraction=self.course.whole(stage, share), done=done, total=total, unit=unit,
            speed=speed, eta=eta, speeds=speeds,
        )  # fmt: skip
        self.words.tell(word)

    async def run(
        self, *command: str | Path, on_line: Callable[[str], None] | None = None
    ) -> Finished:
        program = _program(command)
        with span(program, SpanKind.CLIENT, attributes={"process.executable.name": program}) as ran:
            finished = await self.children.run(*command, on_line=on_line)
            ran.set_attribute("process.exit.code", finished.code)
            if finished.code:
                fail(ran, str(finished.code))
            return finished

    async def call(
        self,
        function: Callable[..., T],
        *args: Any,
        on_message: Callable[[Any], None] | None = None,
    ) -> T:
        with span(f"call {getattr(function, '__name__', 'function')}"):
            return await self.children.call(function, *args, on_message=on_message)

    async def ask(
        self,
        function: Callable[..., T],
        *args: Any,
        on_message: Callable[[Any], None] | None = None,
    ) -> T:
        return await self.children.ask(function, *args, on_message=on_message)


def _share(done: float | None, total: float | None) -> float | None:
    """What is done of what there is to do, where both are known."""
    return min(1.0, done / total) if done is not None and total else None


def _program(command: Sequence[str | Path]) -> str:
    """What runs, without the version in its file's name, and not the `nice` before it."""
    names = [Path(word).name for word in command if not str(word).startswith("-")]
    bare = names[2] if names[0] == "nice" and len(names) > 2 else names[0]
    return bare.partition("-")[0]
