"""What the downloader can be told."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field

from mvidarr_common.settings import Settings


class DownloaderSettings(Settings):
    """Settings of the downloader."""

    child_cpu_seconds: int | None = Field(
        default=3600,
        gt=0,
        description="processor time that one download may use; none: no limit",
    )
    download_slots: int | None = Field(
        default=None,
        ge=1,
        description="downloads at the same time by this process; "
        "none: eight for each processor, at least 4 and at most 50",
    )
    inspect_slots: int = Field(
        default=2, ge=1, description="pages inspected at the same time by this process"
    )
    download_max_bytes: int = Field(
        default=8 * 1024**3,
        gt=0,
        description="largest file that is fetched; a profile may say less, never more",
    )
    download_rate: int | None = Field(
        default=None, gt=0, description="bytes a second for each download; none: as fast as it goes"
    )
    download_timeout: float = Field(
        default=20.0, gt=0, description="seconds without an answer before a connection is given up"
    )
    download_stall: float = Field(
        default=120.0, gt=0, description="seconds without progress before a download is given up"
    )
    download_retries: int = Field(
        default=3, ge=0, description="connections tried anew within one attempt at a job"
    )
    download_fragments: int = Field(
        default=4, ge=1, description="pieces fetched at the same time, where a site cuts its videos"
    )
    user_agent: str | None = Field(
        default=None,
        description="what sites see; none: what yt-dlp says, which most of them expect",
    )
    download_netrc: Path | None = Field(
        default=None, description="a netrc file with logins that yt-dlp takes by site"
    )
    download_program: Literal["aria2c", "curl", "wget"] | None = Field(
        default=None,
        description="fetches plain files in place of yt-dlp itself; none: off, so that files are "
        "resumed and compared by our own rules",
    )
    sponsorblock_url: str = Field(
        default="https://sponsor.ajay.app",
        description="the SponsorBlock service that profiles may ask; it may be in a "
        "private network",
    )
    po_token_url: str | None = Field(
        default=None,
        description="service that makes proof-of-origin tokens for YouTube (POST /get_pot, as "
        "bgutil-ytdlp-pot-provider has it); it may be in a private network",
    )
    ytdlp_path: Path | None = Field(
        default=None,
        description="folder or zip with another yt_dlp package to use instead of the installed one",
    )
    staging_days: float = Field(
        default=7.0, gt=0, description="days that a dead job's partial files are kept"
    )
    download_cookies: Path | None = Field(
        default=None,
        description="folder with `<site>.txt`: cookies that a browser has exported (Netscape "
        "format), used for that site and those below it, plain or sealed with the instance key",
    )
    ffmpeg: Path | None = Field(
        default=None,
        description="the FFmpeg program; without it the one on PATH, else the one that is shipped",
    )

    @property
    def downloads_at_once(self) -> int:
        """The slots, for this machine where none are set."""
        return self.download_slots or max(4, min(50, 8 * (os.cpu_count() or 1)))
