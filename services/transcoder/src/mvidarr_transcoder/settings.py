"""What the transcoder can be told."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, field_validator

from mvidarr_common.naming import DEFAULT_TEMPLATE, checked
from mvidarr_common.settings import Settings


class TranscoderSettings(Settings):
    """Settings of the transcoder alone."""

    ffmpeg: Path | None = Field(
        default=None,
        description="the FFmpeg program; without it the one on PATH, else the one that is shipped",
    )
    ffmpeg_threads: int = Field(
        default=0,
        ge=0,
        description="threads of one decoder or encoder; 0: the processors, shared out among the"
        " transcodes that may run at once",
    )
    niceness: int = Field(
        default=10, ge=0, le=19, description="how much FFmpeg gives way to other programs"
    )
    naming: str = Field(
        default=DEFAULT_TEMPLATE,
        description="where a video goes below library/, without its extension",
    )
    embed_tags: bool = Field(
        default=True,
        description="write artist, title, album, genre and date into MP4 and Matroska files when"
        " they are placed or renamed, for media servers that read no .nfo",
    )
    stall_timeout: float = Field(
        default=120.0, gt=0, description="seconds without any progress that end a media job"
    )
    time_limit: float = Field(
        default=6 * 3600.0, gt=0, description="seconds that one step of a media job may take"
    )
    media_slots: int = Field(default=2, ge=0, description="probes, verifications, thumbnails")
    transcode_slots: int = Field(
        default_factory=lambda: max(1, (os.cpu_count() or 1) // 2),
        ge=0,
        description="transcodes at once; half of the processors",
    )
    files_slots: int = Field(default=2, ge=0, description="jobs at once that move files")
    noop_slots: int = Field(default=8, ge=0, description="jobs at once that do nothing")

    @field_validator("naming")
    @classmethod
    def _stays_inside(cls, template: str) -> str:
        return checked(template)


def threads_of_a_slot(settings: TranscoderSettings) -> int:
    """So many that all slots together use every processor once."""
    return max(1, (os.cpu_count() or 1) // max(1, settings.transcode_slots))


def slots(settings: TranscoderSettings) -> Mapping[str, int]:
    """How many jobs of each queue run at once."""
    return {
        "media": settings.media_slots,
        "transcode": settings.transcode_slots,
        "files": settings.files_slots,
        "noop": settings.noop_slots,
    }
