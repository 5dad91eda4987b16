"""How a pipeline would go: the commands that its jobs would run, and nothing is done."""

from typing import Annotated, Literal

from pydantic import Field

from mvidarr_common.messages.base import Value

from .base import JobSpec, Result
from .clips import ExtractAudio, Hls, Preview, Trim, Waveform
from .fetching import Download, Take
from .files import Place, Rename, Scrub, Sidecars, Trash
from .judging import Fingerprint, IsBetter, Match, Quality
from .media import Thumbnails, Transcode, Verify

Showable = Annotated[
    Download | Verify | Transcode | Trim | ExtractAudio | Thumbnails | Quality | IsBetter | Scrub
    | Place | Trash | Rename | Sidecars | Take | Preview | Waveform | Hls | Fingerprint
    | Match,
    Field(discriminator="kind"),
]  # fmt: skip


class SupposedStep(Value):
    """A step with the job that it would be, or why it would be left out."""

    name: str
    spec: Showable | None = None
    left_out: str | None = None


class ShownStep(Value):
    """`commands` are whole command lines; a step without one calls no FFmpeg."""

    name: str
    kind: str | None = None
    commands: tuple[tuple[str, ...], ...] = ()
    left_out: str | None = None


class CommandsShown(Result):
    kind: Literal["show_commands"] = "show_commands"
    steps: tuple[ShownStep, ...]


class ShowCommands(JobSpec, queue="files", gives=CommandsShown):
    """Say how FFmpeg would be called for these steps. Nothing is opened, nothing is written."""

    kind: Literal["show_commands"] = "show_commands"
    steps: tuple[SupposedStep, ...] = Field(min_length=1, max_length=40)
