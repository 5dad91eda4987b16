"""Live bars: one for each job that runs, fed by the websocket, and a line for each that ended."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import singledispatchmethod

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from mvidarr_common.messages import Message
from mvidarr_common.messages.jobs import (
    JobAdded,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobGivenUp,
    JobProgressed,
    JobQueued,
    JobRescheduled,
    JobStarted,
)
from mvidarr_common.messages.library import (
    Description,
    VideoAdded,
    VideoDescribed,
    VideoEdited,
    VideoFailed,
    VideoReady,
)
from mvidarr_common.messages.queries import JobView, VideoView

from .output import cell, plain
from .words import amount, clock

_DONE, _BAD, _AGAIN, _AT = "[green]✓[/]", "[red]✗[/]", "[yellow]↻[/]", "[cyan]…[/]"


@dataclass
class _Row:
    """What is known of a job; it has a bar from its start to its end."""

    kind: str
    subject: str | None
    bar: TaskID | None = None
    quarter: int = 0


class Board(AbstractContextManager["Board"]):
    """`with Board(console) as board: board.hear(message)`."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            TextColumn("  {task.fields[kind]:<11}"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[pace]}", style="dim"),
            console=console,
            transient=True,
            refresh_per_second=8,
        )
        self._rows: dict[str, _Row] = {}
        self._about: dict[str, Description] = {}
        self._urls: dict[str, str] = {}

    def __enter__(self) -> "Board":
        self.progress.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.progress.stop()

    def know(self, video: VideoView) -> None:
        """A video's name, from elsewhere than the events."""
        self._about[f"video/{video.id}"] = video.about
        self._urls[f"video/{video.id}"] = video.url

    def show(self, job: JobView) -> None:
        """A job that was there before the events began."""
        self._rows[job.id] = _Row(job.kind, job.for_subject)
        if job.state == "running":
            self._bar(job.id)

    @singledispatchmethod
    def hear(self, message: Message) -> None:
        """A fact or signal of any kind; most change nothing here."""

    @hear.register
    def _(self, message: JobAdded) -> None:
        self._rows[message.job_id] = _Row(message.spec.kind, message.for_subject)

    @hear.register
    def _(self, message: JobQueued) -> None:
        self._rows.setdefault(message.job_id, _Row(message.spec.kind, message.for_subject))

    @hear.register
    def _(self, message: JobStarted) -> None:
        self._bar(message.job_id)

    @hear.register
    def _(self, message: JobProgressed) -> None:
        if message.job_id in self._rows:
            self.progress.update(
                self._bar(message.job_id),
                completed=(_fraction(message) or 0) * 100,
                total=None if _fraction(message) is None else 100,
                pace=_pace(message),
            )
            if not self.progress.console.is_terminal:
                self._tick(message)

    def _tick(self, message: JobProgressed) -> None:
        """Where nobody can see a bar move, a line at each quarter shows the same."""
        row = self._rows[message.job_id]
        quarter = int((_fraction(message) or 0) * 4)
        if 0 < quarter != row.quarter:
            row.quarter = quarter
            bar = ("━" * quarter * 5).ljust(20, "·")
            self._say(_AT, row.kind, self._name(row), f"{bar} {quarter * 25} %  {_pace(message)}")

    @hear.register
    def _(self, message: JobCompleted) -> None:
        self._end(message.job_id, _DONE, f"{message.seconds:.1f} s")

    @hear.register
    def _(self, message: JobFailed) -> None:
        mark = _AGAIN if message.retryable else _BAD
        self._end(message.job_id, mark, message.message, forget=not message.retryable)

    @hear.register
    def _(self, message: JobRescheduled) -> None:
        self._line(_AGAIN, self._rows.get(message.job_id), f"again at {clock(message.due)}")

    @hear.register
    def _(self, message: JobGivenUp) -> None:
        if message.job_id in self._rows:
            self._end(message.job_id, _BAD, message.message)

    @hear.register
    def _(self, message: JobCancelled) -> None:
        self._end(message.job_id, _BAD, "cancelled")

    @hear.register
    def _(self, message: VideoAdded) -> None:
        self._about[message.subject] = message.known
        self._urls[message.subject] = message.url

    @hear.register
    def _(self, message: VideoDescribed) -> None:
        """What people have said stands over what the page says."""
        about = self._about.get(message.subject, Description())
        self._about[message.subject] = about.over(message.found)

    @hear.register
    def _(self, message: VideoEdited) -> None:
        about = self._about.get(message.subject, Description())
        self._about[message.subject] = message.changes.over(about)

    @hear.register
    def _(self, message: VideoReady) -> None:
        name = f"{message.artist} – {message.title}"
        self._say(_DONE, "ready", name, f"{message.quality}  {message.path}", "bold green")

    @hear.register
    def _(self, message: VideoFailed) -> None:
        reason = f"{message.message} ({message.code})"
        self._say(_BAD, "refused", message.title, reason, "bold red")

    def _bar(self, job_id: str) -> TaskID:
        row = self._rows.setdefault(job_id, _Row("job", None))
        if row.bar is None:
            name = plain(self._name(row)).replace("[", "\\[")
            row.bar = self.progress.add_task(name[:48], total=None, kind=row.kind, pace="")
        return row.bar

    def _end(self, job_id: str, mark: str, note: str, forget: bool = True) -> None:
        row = self._rows.get(job_id)
        if row is not None and row.bar is not None:
            self.progress.remove_task(row.bar)
            row.bar = None
        if forget:
            self._rows.pop(job_id, None)
        self._line(mark, row, note)

    def _line(self, mark: str, row: _Row | None, note: str) -> None:
        if row is not None:
            self._say(mark, row.kind, self._name(row), note)

    def _say(self, mark: str, what: str, name: str, note: str, style: str = "") -> None:
        line = Text.assemble(Text.from_markup(mark), " ", (f"{what:<11} ", style or "bold"))
        line.append_text(cell(name)).append("  ").append_text(cell(note, "dim"))
        self.progress.console.print(line, soft_wrap=True)

    def _name(self, row: _Row) -> str:
        subject = row.subject or ""
        about = self._about.get(subject, Description())
        return _named(about.title, about.artist) or self._urls.get(subject, subject)


def _named(title: str | None, artist: str | None) -> str | None:
    return f"{artist} – {title}" if artist and title else title


def _fraction(message: JobProgressed) -> float | None:
    """How far it is, if that can be known."""
    if message.fraction is None and message.total:
        return min((message.done or 0) / message.total, 1.0)
    return message.fraction


def _pace(message: JobProgressed) -> str:
    """Speed and time left, as far as they are told."""
    parts = [message.stage]
    if message.speed is not None:
        parts.append(f"{amount(message.speed, message.unit)}/s")
    if message.eta is not None:
        parts.append(f"{message.eta:.0f} s left")
    return "  ".join(parts)
